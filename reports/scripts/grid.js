// The tables of pictures with other axes: any of artist, content, backbone, aggregation, or the
// model of the latter two, as rows and as columns. What remains is fixed to one value, or has a
// table for each.
"use strict";

const Grid = (() => {
  const form = document.getElementById("axes");
  const grids = document.getElementById("grids");
  const status = document.getElementById("axes-status");
  const jump = document.querySelector(".jump");
  const START = { rows: "content", columns: "model", fixed: {} };
  const EACH = "";
  // Where arrow keys lead: across and down.
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  // What the page came with, to be put together anew.
  const cells = new Map();
  for (const link of grids.querySelectorAll("a.painted")) {
    cells.set(Number(link.dataset.picture), [...link.closest("td").childNodes]);
  }
  const paintings = new Map([...grids.querySelectorAll(".paintings")].map((one) => [one.dataset.style, one]));
  const heads = new Map();
  for (const head of document.getElementById("heads").content.querySelectorAll("[data-axis]")) {
    heads.set(`${head.dataset.axis}/${head.dataset.value}`, head);
  }
  const parts = (axis) => (axis === "model" ? ["backbone", "aggregation"] : [axis]);

  const overlap = (one, other) => parts(one).some((axis) => parts(other).includes(axis));

  const free = ({ rows, columns }) =>
    ["style", "content", "backbone", "aggregation"].filter(
      (axis) => !overlap(axis, rows) && !overlap(axis, columns),
    );

  // The values of an axis that the page's filter leaves.
  const values = (axis) => {
    const only = State.filter.value[axis];
    return only === undefined ? Study.values(axis) : [only];
  };

  // All places along an axis: [{backbone: ...}, ...].
  function places(axis) {
    return parts(axis)
      .reduce(
        (found, part) =>
          found.flatMap((place) => values(part).map((value) => ({ ...place, [part]: value }))),
        [{}],
      )
      .filter(Study.exists);
  }

  const name = (place) =>
    Object.entries(place)
      .map(([axis, value]) => Study.label(axis, value))
      .join(" · ");

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [attribute, text] of Object.entries(attributes)) {
      made.setAttribute(attribute, text);
    }
    made.append(...children);
    return made;
  }

  // What stands at the head of a row or column.
  function head(axis, value) {
    const copy = [...(heads.get(`${axis}/${value}`)?.cloneNode(true).childNodes ?? [value])];
    const some = axis === "style" ? [...paintings.get(value).querySelectorAll("img")].slice(0, 2) : [];
    if (!some.length) {
      return copy;
    }
    return [...copy, element("span", { class: "some" }, ...some.map((image) => image.cloneNode()))];
  }

  function makeHeads(rows, columns) {
    const corner = element("th", { scope: "col" }, Study.NAMES[rows]);
    const first = element("tr", {}, corner);
    if (columns !== "model") {
      for (const value of values(columns)) {
        first.append(element("th", { scope: "col" }, ...head(columns, value)));
      }
      return element("thead", {}, first);
    }
    corner.rowSpan = 2;
    const second = element("tr");
    const models = places("model");
    for (const backbone of new Set(models.map((one) => one.backbone))) {
      const own = models.filter((one) => one.backbone === backbone);
      first.append(
        element("th", { scope: "colgroup", colspan: own.length }, ...head("backbone", backbone)),
      );
      second.append(
        ...own.map(({ aggregation }) =>
          element("th", { scope: "col" }, ...head("model", `${backbone}/${aggregation}`)),
        ),
      );
    }
    return element("thead", {}, first, second);
  }

  function makeTable(section, { rows, columns }) {
    const title = name(section) || "All";
    const body = element("tbody");
    let count = 0;
    for (const row of places(rows)) {
      const [[axis, value], ...rest] = Object.entries(row);
      const line = element("tr", {}, element("th", { scope: "row" }, ...head(axis, value)));
      rest.forEach(([, other]) =>
        line.firstChild.append(element("div", {}, ...head("model", `${value}/${other}`))),
      );
      for (const column of places(columns)) {
        const place = { ...section, ...row, ...column };
        const found = cells.get(Study.at(place));
        const none = Study.exists(place)
          ? element("span", { class: "absent" }, "missing")
          : element("span", { class: "none" }, "no such model");
        line.append(element("td", {}, ...(found ?? [none])));
        count += Boolean(found);
      }
      body.append(line);
    }
    const caption = element("caption", {}, element("span", {}, title));
    // What is to be known of a model stands once at its head, where it has one.
    const byModel = rows === "model" || columns === "model" ? "grid by-model" : "grid";
    const table = element("table", { class: byModel }, caption, makeHeads(rows, columns), body);
    const region = {
      class: "scroll",
      role: "region",
      tabindex: "0",
      "aria-label": `Pictures: ${title}`,
    };
    const heading = element("h3", {}, element("bdi", {}, title));
    const whole = element("section", { class: "style", "aria-label": title }, heading);
    if (section.style !== undefined) {
      whole.append(paintings.get(section.style));
    }
    whole.append(element("div", region, table));
    return [whole, count];
  }

  // The places of all tables: a fixed axis has one value, any other that is no row or column all.
  function sections({ rows, columns, fixed }) {
    return free({ rows, columns }).reduce(
      (found, axis) =>
        found.flatMap((place) =>
          (fixed[axis] && !(axis in State.filter.value) ? [fixed[axis]] : values(axis)).map((value) => ({
            ...place,
            [axis]: value,
          })),
        ),
      [{}],
    ).filter((place) => [rows, columns].every((axis) => places(axis).some((one) => Study.exists({ ...place, ...one }))));
  }

  function build() {
    const shown = state.value;
    const made = sections(shown).map((section) => makeTable(section, shown));
    grids.replaceChildren(...made.map(([section]) => section));
    const byStyle = free(shown).join() === "style" && !shown.fixed.style;
    jump.hidden = !byStyle || values("style").length === 1;
    if (byStyle) {
      made.forEach(([section], number) => {
        section.id = `style-${values("style")[number]}`;
      });
    }
    const count = made.reduce((sum, [, one]) => sum + one, 0);
    if (count) {
      status.textContent = `${count} ${count === 1 ? "picture" : "pictures"} in ${made.length} ${made.length === 1 ? "table" : "tables"}`;
    } else {
      const clear = () => State.change([[state, START], [State.filter, {}]], "pictures");
      status.replaceChildren(...State.nothing("No pictures match", State.told(), clear));
    }
    Heads.look();
  }

  // Where rows and columns collide, `changed` stays and the other one yields to what it was.
  function settle(wanted, changed, before) {
    const next = { ...wanted, fixed: { ...wanted.fixed } };
    if (overlap(next.rows, next.columns)) {
      const other = changed === "rows" ? "columns" : "rows";
      const candidates = [before[changed], "content", "style", "aggregation", "backbone"];
      next[other] = candidates.find((axis) => !overlap(axis, next[changed]));
    }
    // One table for each value of one axis is a page; for each of two, it is a heap.
    free(next)
      .filter((axis) => !(axis in State.filter.value))
      .forEach((axis, number) => {
        if (number > 0 && next.fixed[axis] === undefined) {
          next.fixed[axis] = Study.commonest(axis);
        }
      });
    return next;
  }

  function fillForm() {
    for (const which of ["rows", "columns"]) {
      form.elements[which].value = state.value[which];
    }
    const open = free(state.value).filter((axis) => !(axis in State.filter.value));
    const labels = open.map((axis) => {
      const select = element("select", { name: axis });
      select.add(new Option("a table for each", EACH));
      Study.values(axis).forEach((value) => select.add(new Option(Study.label(axis, value), value)));
      select.value = state.value.fixed[axis] ?? EACH;
      return element("label", {}, `${Study.NAMES[axis]} `, select);
    });
    form.querySelector(".fixed").replaceChildren(...labels);
  }

  function read(words) {
    const known = (which) => (words.get(which) in Study.NAMES ? words.get(which) : START[which]);
    const fixed = {};
    for (const axis of Study.AXES) {
      if (words.has(axis)) {
        fixed[axis] = Study.find(axis, words.get(axis)) ?? EACH;
      }
    }
    return { rows: known("rows"), columns: known("columns"), fixed };
  }

  function write({ rows, columns, fixed }, words) {
    if (rows !== START.rows || columns !== START.columns) {
      words.set("rows", rows);
      words.set("columns", columns);
    }
    free({ rows, columns })
      .filter((axis) => fixed[axis] !== undefined)
      .forEach((axis) => words.set(axis, fixed[axis]));
  }

  // Which axes are shown, like START.
  const state = State.part({
    read,
    write,
    apply() {
      state.value = settle(state.value, "columns", START);
      build();
      fillForm();
    },
  });

  function change(wanted, changed = "columns") {
    State.change([[state, settle(wanted, changed, state.value)]], "pictures");
  }

  // The numbers of the pictures as they stand, a list for each row; null where one is missing.
  function numbers() {
    return [...grids.querySelectorAll("table.grid tbody tr")].map((row) =>
      [...row.querySelectorAll("td")].map((cell) => {
        const link = cell.querySelector("a.painted");
        return link ? Number(link.dataset.picture) : null;
      }),
    );
  }

  // The picture beside another one: `across` goes on in the next row, `down` stays in its column.
  function neighbour(number, across, down) {
    const rows = numbers();
    const row = rows.findIndex((one) => one.includes(number));
    const there = (one) => one !== null && one !== undefined;
    const column = row < 0 ? -1 : rows[row].indexOf(number);
    const line = (down && row >= 0 ? rows.map((one) => one[column]) : rows.flat()).filter(there);
    return line[line.indexOf(number) + across + down];
  }

  function place(number) {
    const all = numbers()
      .flat()
      .filter((one) => one !== null);
    return all.includes(number) ? `${all.indexOf(number) + 1} of ${all.length}` : "";
  }

  const link = (number) => grids.querySelector(`a.painted[data-picture="${number}"]`);

  // A picture to be shown elsewhere, too.
  function image(number) {
    const link = cells.get(number).find((node) => node.matches?.("a.painted"));
    return link.querySelector("img").cloneNode();
  }

  // Some paintings of a style, to be shown elsewhere, too.
  const some = (style) => [...paintings.get(style).querySelectorAll("img")].map((one) => one.cloneNode());

  // A content's photograph, or null where it is missing.
  const photograph = (content) =>
    heads.get(`content/${content}`).querySelector("svg")?.cloneNode(true) ?? null;

  for (const which of ["rows", "columns"]) {
    for (const axis of ["content", "style", "backbone", "aggregation", "model"]) {
      form.elements[which].add(new Option(Study.NAMES[axis], axis));
    }
    form.elements[which].addEventListener("change", (event) => {
      change({ ...state.value, fixed: {}, [which]: event.target.value }, which);
    });
  }
  form.querySelector(".fixed").addEventListener("change", (event) => {
    const { fixed } = state.value;
    change({ ...state.value, fixed: { ...fixed, [event.target.name]: event.target.value } });
  });
  form.elements.swap.addEventListener("click", () =>
    change({ ...state.value, rows: state.value.columns, columns: state.value.rows }),
  );
  form.elements.reset.addEventListener("click", () => change(START));
  form.elements.aggregations?.addEventListener("click", () =>
    change({ rows: "content", columns: "aggregation", fixed: {} }),
  );
  form.elements.size.addEventListener("input", (event) => {
    grids.style.setProperty("--thumbnail", `${event.target.value}rem`);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  fillForm();
  form.hidden = false;

  return { STEPS, neighbour, place, link, image, some, photograph, status };
})();
