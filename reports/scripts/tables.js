// Tables of the class "sortable": a click on a column's head sorts by it, upwards, downwards, and
// back to the order of the page; columns marked data-filter can be narrowed to one value. Rows that
// tell their backbone or aggregation follow the page's filter.
"use strict";

(() => {
  const UP = "up";
  const DOWN = "down";
  const tables = [];

  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent.trim();
  };

  const slug = (text) =>
    text
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, "-");

  // Numbers by size, other texts by their letters; what is unknown comes last, whichever way.
  function compare(first, second, direction) {
    const missing = (text) => text === "" || text === "nan";
    if (missing(first) || missing(second)) {
      return missing(first) - missing(second);
    }
    const [ours, theirs] = [first, second].map((text) => (text === "inf" ? Infinity : Number(text)));
    const numbers = !Number.isNaN(ours) && !Number.isNaN(theirs);
    const order = numbers ? ours - theirs : first.localeCompare(second, "en", { numeric: true });
    return direction * (order || 0);
  }

  // By the name of a table: {sort: [column, way], narrow: {column: value}}, without what is empty.
  const state = State.part({
    read(words) {
      const found = {};
      for (const key of ["sort", "narrow"]) {
        for (const entry of words.getAll(key)) {
          const [name, column, ...rest] = entry.split(":");
          const given = rest.join(":");
          const table = tables.find((one) => one.key === name);
          if (!table?.columns.includes(column)) {
            continue;
          }
          const own = (found[name] ??= { narrow: {} });
          if (key === "narrow") {
            own.narrow[column] = given;
          } else if (given === UP || given === DOWN) {
            own.sort = [column, given];
          }
        }
      }
      return found;
    },
    write(value, words) {
      for (const [name, { sort, narrow }] of Object.entries(value)) {
        if (sort) {
          words.append("sort", [name, ...sort].join(":"));
        }
        Object.entries(narrow).forEach((pair) => words.append("narrow", [name, ...pair].join(":")));
      }
    },
    apply: () => tables.forEach((table) => table.show(state.value[table.key] ?? { narrow: {} })),
  });

  // A step: `wanted` replaces what is shown of a table.
  function change(table, wanted, others = []) {
    const { [table.key]: _, ...rest } = state.value;
    const empty = !wanted.sort && !Object.keys(wanted.narrow).length;
    State.change([[state, empty ? rest : { ...rest, [table.key]: wanted }], ...others], table.section);
  }

  function setUp(table, rows) {
    const heads = [...table.tHead.rows[0].cells];
    const names = heads.map((head) => head.textContent.trim());
    const columns = [];
    names.map(slug).forEach((name) => columns.push(columns.includes(name) ? `${name}-${columns.length}` : name));
    const name = table.dataset.name;
    const taken = tables.filter((one) => one.key.startsWith(slug(name))).length;
    const own = {
      key: taken ? `${slug(name)}-${taken + 1}` : slug(name),
      columns,
      section: table.closest("main > section")?.id,
    };
    // What the page's filter narrows needs no other one.
    Study.AXES.filter((axis) => columns.includes(axis)).forEach((axis) =>
      rows.forEach((row) => (row.dataset[axis] ??= value(row, columns.indexOf(axis)))),
    );
    const filtered = heads.flatMap((head, column) =>
      "filter" in head.dataset && !Study.AXES.includes(columns[column]) ? [column] : [],
    );
    const status = document.createElement("p");
    status.className = "status";
    status.setAttribute("role", "status");
    const current = () => state.value[own.key] ?? { narrow: {} };

    const bodies = [...table.tBodies];
    const homes = rows.map((row) => row.parentNode);
    const sorted = document.createElement("tbody");
    let order;

    function sort([column, way] = []) {
      if (order === `${column} ${way}`) {
        return;
      }
      order = `${column} ${way}`;
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      table.classList.toggle("sorted", column !== undefined);
      if (column === undefined) {
        sorted.remove();
        table.append(...bodies);
        rows.forEach((row, number) => homes[number].append(row));
        return;
      }
      const at = columns.indexOf(column);
      heads[at].setAttribute("aria-sort", way === UP ? "ascending" : "descending");
      const places = [...rows].sort((one, other) =>
        compare(value(one, at), value(other, at), way === UP ? 1 : -1),
      );
      bodies.forEach((body) => body.remove());
      sorted.append(...places);
      table.append(sorted);
    }

    // Where rows tell what they are of, one that does not, of floor or ceiling, is always there.
    const tells = (row) => Study.AXES.some((axis) => axis in row.dataset);
    const wanted = rows.some(tells) ? rows.filter(tells) : rows;

    function narrow(given) {
      for (const row of rows) {
        const matches = Object.entries(given).every(
          ([column, one]) => value(row, columns.indexOf(column)) === one,
        );
        row.hidden = !(matches && State.leaves(row.dataset));
      }
      const shown = wanted.filter((row) => !row.hidden).length;
      const reasons = [
        ...State.told((axis) => axis in wanted[0].dataset),
        ...Object.entries(given).map(([column, one]) => `${names[columns.indexOf(column)]} ${one}`),
      ];
      if (shown) {
        status.textContent = shown === wanted.length ? "" : `${shown} of ${wanted.length} ${name}`;
      } else {
        const clear = () => change(own, { ...current(), narrow: {} }, [[State.filter, {}]]);
        status.replaceChildren(...State.nothing(`No ${name} match`, reasons, clear));
      }
    }

    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: DOWN, descending: undefined }[head.getAttribute("aria-sort") ?? ""];
        const way = head.hasAttribute("aria-sort") ? next : UP;
        change(own, { ...current(), sort: way && [columns[column], way] });
      });
    });

    const form = document.createElement("form");
    form.className = "controls";
    form.setAttribute("aria-label", `Show some ${name}`);
    for (const column of filtered) {
      const label = document.createElement("label");
      const select = document.createElement("select");
      select.add(new Option("all", ""));
      for (const one of new Set(rows.map((row) => value(row, column)))) {
        select.add(new Option(one, one));
      }
      select.name = columns[column];
      label.append(`${names[column]} `, select);
      select.addEventListener("change", () => {
        const { [columns[column]]: _, ...rest } = current().narrow;
        const narrow = select.value ? { ...rest, [columns[column]]: select.value } : rest;
        change(own, { ...current(), narrow });
      });
      form.append(label);
    }
    const all = document.createElement("button");
    all.type = "button";
    all.textContent = "All";
    all.addEventListener("click", () => change(own, { ...current(), narrow: {} }));
    form.append(all);
    form.addEventListener("submit", (event) => event.preventDefault());

    own.show = ({ sort: wanted, narrow: given }) => {
      sort(wanted);
      narrow(given);
      filtered.forEach((column) => (form.elements[columns[column]].value = given[columns[column]] ?? ""));
    };
    table.closest(".scroll").before(...(filtered.length ? [form] : []), status);
    tables.push(own);
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    if (rows.length > 1) {
      setUp(table, rows);
    }
  }
})();
