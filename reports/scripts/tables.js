// Tables of the class "sortable": a click on a column's head sorts by it, upwards, downwards, and
// back to the order of the page; columns marked data-filter can be narrowed to one value.
"use strict";

(() => {
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent.trim();
  };

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

  function makeSortable(table, rows) {
    const heads = [...table.tHead.rows[0].cells];
    const bodies = [...table.tBodies];
    const homes = rows.map((row) => row.parentNode);
    const sorted = document.createElement("tbody");

    function sort(column, direction) {
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      table.classList.toggle("sorted", direction !== 0);
      if (direction === 0) {
        sorted.remove();
        table.append(...bodies);
        rows.forEach((row, number) => homes[number].append(row));
        return;
      }
      heads[column].setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      const order = [...rows].sort((one, other) =>
        compare(value(one, column), value(other, column), direction),
      );
      bodies.forEach((body) => body.remove());
      sorted.append(...order);
      table.append(sorted);
    }

    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = { ascending: -1, descending: 0 }[head.getAttribute("aria-sort")] ?? 1;
        sort(column, now);
      });
    });
  }

  function makeFilterable(table, rows) {
    const heads = [...table.tHead.rows[0].cells];
    const columns = heads.flatMap((head, column) => ("filter" in head.dataset ? [column] : []));
    if (!columns.length) {
      return;
    }
    const form = document.createElement("form");
    form.className = "controls";
    form.setAttribute("aria-label", `Show some ${table.dataset.name}`);
    const status = document.createElement("p");
    status.className = "status";
    status.setAttribute("role", "status");
    const chosen = new Map();

    function narrow() {
      let shown = 0;
      for (const row of rows) {
        row.hidden = [...chosen].some(([column, wanted]) => wanted && value(row, column) !== wanted);
        shown += !row.hidden;
      }
      status.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} ${table.dataset.name}`;
    }

    for (const column of columns) {
      const label = document.createElement("label");
      const select = document.createElement("select");
      select.add(new Option("all", ""));
      for (const one of new Set(rows.map((row) => value(row, column)))) {
        select.add(new Option(one, one));
      }
      select.name = heads[column].textContent.trim().toLowerCase();
      label.append(`${heads[column].textContent.trim()} `, select);
      select.addEventListener("change", () => {
        chosen.set(column, select.value);
        narrow();
      });
      form.append(label);
    }
    const all = document.createElement("button");
    all.type = "reset";
    all.textContent = "All";
    form.append(all);
    form.addEventListener("reset", () => {
      chosen.clear();
      narrow();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    table.closest(".scroll").before(form, status);
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    if (rows.length > 1) {
      makeFilterable(table, rows);
      makeSortable(table, rows);
    }
  }
})();
