// What the page knows of the study's pictures beyond what stands on it. The page is complete
// without scripts; these make it move. They are plain scripts, since modules are not loaded from
// file://, and each file is one object.
"use strict";

const Study = (() => {
  const { axes, models, pictures, remake } = JSON.parse(document.getElementById("data").textContent);
  const AXES = ["backbone", "aggregation", "style", "content"];
  const NAMES = {
    backbone: "Backbone",
    aggregation: "Aggregation",
    style: "Artist",
    content: "Content",
    model: "Model",
  };

  const key = (place) => JSON.stringify(AXES.map((axis) => place[axis]));
  const numbers = new Map(pictures.map((picture, number) => [key(picture), number]));

  // The number of the picture at a place {backbone, aggregation, style, content}, if it is there.
  const at = (place) => numbers.get(key(place));

  // Whether a place may have a picture: not every backbone has every aggregation.
  const exists = (place) =>
    models.some(
      ([backbone, aggregation]) =>
        (place.backbone ?? backbone) === backbone && (place.aggregation ?? aggregation) === aggregation,
    );

  // The value of an axis with which most pictures may be; of equals the first.
  function commonest(axis) {
    const count = (value) =>
      models.filter(([backbone, aggregation]) => ({ backbone, aggregation })[axis] === value).length;
    return values(axis).reduce((best, one) => (count(one) > count(best) ? one : best));
  }

  const values = (axis) => axes[axis].map(([value]) => value);

  const label = (axis, value) => axes[axis].find(([one]) => one === value)?.[1] ?? value;

  // The value of an axis that a text means: itself, itself in other letters, or the only one that
  // begins like it.
  function find(axis, text) {
    const all = values(axis);
    if (all.includes(text)) {
      return text;
    }
    const small = text.toLowerCase();
    const same = all.filter((value) => value.toLowerCase() === small);
    const alike = same.length ? same : all.filter((value) => small && value.toLowerCase().startsWith(small));
    return alike.length === 1 ? alike[0] : undefined;
  }

  // The fragment that leads to a picture, or to a part of the grid where `place` ends early.
  function address(place) {
    const given = AXES.map((axis) => place[axis]).filter((value) => value !== undefined);
    return `#${given.map(encodeURIComponent).join("/")}`;
  }

  return { AXES, NAMES, pictures, remake, at, exists, commonest, values, label, find, address };
})();
