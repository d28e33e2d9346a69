// What the address bar says is what is shown: #choices a section, #pictures?rows=... the tables of
// pictures, #VGG16/squared/Claude_Monet/<content> a picture, and a shorter one a part of the tables.
"use strict";

(() => {
  const { dialog } = Viewer;
  // The link on this page that opened the viewer; "back" then closes it. Null where the address
  // was followed from elsewhere.
  let opener = null;
  // The same while the next change of the address is our own way back, which shows nothing new.
  let returning = null;

  function decode(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function lead(text) {
    const [path, query = ""] = text.split("?", 2);
    const names = path.split("/").map(decode);
    const found = names.map((name, number) => Study.find(Study.AXES[number] ?? "content", name));
    if (names.length > Study.AXES.length || found.includes(undefined)) {
      return undefined;
    }
    return { place: Object.fromEntries(found.map((value, number) => [Study.AXES[number], value])), query };
  }

  function toPictures() {
    document.getElementById("pictures").scrollIntoView();
  }

  function showPart({ backbone, aggregation, style }) {
    // A table of contents by what is left open.
    const columns = aggregation === undefined || style !== undefined ? "aggregation" : "style";
    Grid.show({ rows: "content", columns, fixed: { backbone, aggregation, style } });
    toPictures();
  }

  function route() {
    const text = location.hash.slice(1);
    const [path, query] = text.split("?", 2);
    const plain = !text || document.getElementById(decode(path));
    const goal = plain ? undefined : lead(text);
    const number = goal && Study.at(goal.place);
    if (number !== undefined) {
      Viewer.open(number, new URLSearchParams(goal.query).get("against") ?? undefined);
      return;
    }
    if (dialog.open) {
      opener = null;
      dialog.close();
    }
    if (plain && path === "pictures" && query) {
      Grid.show(Grid.read(query));
      toPictures();
    } else if (goal && goal.place.content === undefined) {
      showPart(goal.place);
    } else if (!plain) {
      Grid.status.textContent = `No picture is at this address: ${text}`;
      toPictures();
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("main a, header a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    if (link.matches(".painted")) {
      event.preventDefault();
      opener = link;
      location.hash = Study.address(Study.pictures[Number(link.dataset.picture)]);
    } else if (link.hash && Study.at(lead(link.hash.slice(1))?.place ?? {}) !== undefined) {
      opener = link;
    }
  });

  // Back to where one came from; in the grids, to the picture that one has gone to since.
  function focus(from) {
    const grid = !from || from.closest("#grids");
    (grid ? Grid.link(Viewer.current()) : from)?.focus();
  }

  dialog.addEventListener("close", () => {
    focus(opener);
    if (opener) {
      returning = opener;
      opener = null;
      history.back();
    } else if (lead(location.hash.slice(1))) {
      history.replaceState(null, "", "#pictures");
    }
  });

  // From picture to picture without the viewer, too.
  document.getElementById("grids").addEventListener("keydown", (event) => {
    const step = Grid.STEPS[event.key];
    const link = event.target.closest("a.painted");
    if (step && link) {
      const number = Grid.neighbour(Number(link.dataset.picture), ...step);
      if (number !== undefined) {
        event.preventDefault();
        Grid.link(number).focus();
      }
    }
  });

  // Paper cannot be clicked: print what is folded, too.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) {
      details.open = true;
    }
  });

  addEventListener("hashchange", () => {
    if (returning) {
      // The way back to a section has taken the focus away.
      focus(returning);
      returning = null;
    } else {
      route();
    }
  });
  if (location.hash) {
    route();
  }
})();
