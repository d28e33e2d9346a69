// The one filter of the page: of tables, curves and pictures, within reach from everywhere. Tables
// and grids apply it to themselves; here it is applied to figures and articles that tell by their
// data what they are of.
"use strict";

(() => {
  const box = document.getElementById("filter");
  const form = box.querySelector("form");
  const toggle = box.querySelector("[name=toggle]");
  const clear = box.querySelector("[name=clear]");
  const told = box.querySelector("[role=status]");

  // By their section, what there is in it beside tables and grids.
  const groups = new Map();
  const selector = Study.AXES.map((axis) => `[data-${axis}]`).join();
  for (const one of document.querySelectorAll(`main :is(${selector})`)) {
    if (!one.closest("#grids, table")) {
      const section = one.closest("main > section");
      groups.set(section, [...(groups.get(section) ?? []), one]);
    }
  }
  const notes = new Map(
    [...groups].map(([section, [first]]) => {
      const note = document.createElement("p");
      note.className = "status";
      note.setAttribute("role", "status");
      (first.parentNode === section ? first : first.parentNode).before(note);
      return [section, note];
    }),
  );

  function showAll() {
    State.change([[State.filter, {}]]);
  }

  function unfold(open) {
    form.hidden = !open;
    toggle.setAttribute("aria-expanded", open);
    toggle.textContent = open ? "Close the filter" : "Filter";
  }

  const part = State.part({
    read: () => null,
    write: () => {},
    apply() {
      for (const [section, ones] of groups) {
        ones.forEach((one) => (one.hidden = !State.leaves(one.dataset)));
        const reasons = State.told((axis) => axis in ones[0].dataset);
        const none = ones.every((one) => one.hidden);
        notes.get(section).replaceChildren(...(none ? State.nothing("Nothing here matches", reasons, showAll) : []));
      }
      Study.AXES.forEach((axis) => (form.elements[axis].value = State.filter.value[axis] ?? ""));
      const words = Object.entries(State.filter.value).map(([axis, value]) => Study.label(axis, value));
      told.textContent = words.length ? `Only ${words.join(" · ")}` : "";
      clear.hidden = !words.length;
      Heads.look();
    },
  });

  for (const axis of Study.AXES) {
    const select = form.elements[axis];
    select.add(new Option("all", ""));
    Study.values(axis).forEach((value) => select.add(new Option(Study.label(axis, value), value)));
    select.addEventListener("change", () => {
      const { [axis]: _, ...rest } = State.filter.value;
      State.change([[State.filter, select.value ? { ...rest, [axis]: select.value } : rest]]);
    });
  }
  toggle.addEventListener("click", () => {
    unfold(form.hidden);
    if (!form.hidden) {
      form.querySelector("select").focus();
    }
  });
  clear.addEventListener("click", () => {
    showAll();
    toggle.focus();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !form.hidden) {
      unfold(false);
      toggle.focus();
    }
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  part.apply();
  box.hidden = false;
})();
