// What the address bar says is what is shown: #choices a section, #VGG16/squared/Claude_Monet/<content>
// a picture, a shorter one a part of the page; behind a question mark, the filter, the order of tables
// and the axes of the grids: #pictures?rows=... Each step of the reader's is a step of the history.
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

  // The words of an address that leads to a part: the filter, and tables by what is left open.
  function partWords({ backbone, aggregation, style }, words) {
    const columns = aggregation === undefined || style !== undefined ? "aggregation" : "style";
    Object.entries({ backbone, aggregation, style }).forEach(([axis, value]) => {
      if (value !== undefined) {
        words.set(`only-${axis}`, value);
      }
    });
    if (!words.has("rows")) {
      words.set("rows", "content");
      words.set("columns", columns);
    }
    return words;
  }

  function route() {
    const text = location.hash.slice(1);
    const [path, query = ""] = text.split("?", 2);
    const target = path && document.getElementById(decode(path));
    const plain = !path || target;
    const goal = plain ? undefined : lead(text);
    const number = goal && Study.at(goal.place);
    const part = goal && number === undefined && goal.place.content === undefined;
    // A step back leads to what was shown there; a link without words of its own keeps what is.
    const known = Boolean(history.state?.own);
    const words = new URLSearchParams(query);
    const against = words.get("against") ?? undefined;
    words.delete("against");
    if (part) {
      State.restore(partWords(goal.place, words));
    } else if (known || words.toString()) {
      State.restore(words);
    }
    State.mark();
    if (number !== undefined) {
      Viewer.open(number, against);
      return;
    }
    if (dialog.open) {
      opener = null;
      dialog.close();
    }
    if (plain && !known && !words.toString() && State.query()) {
      State.mark(State.address(path || "main"));
    }
    if (!known && (part || !plain)) {
      document.getElementById("pictures").scrollIntoView();
    } else if (!known && target && query) {
      target.scrollIntoView();
    }
    if (!plain && !part) {
      Grid.status.textContent = `No picture is at this address: ${text}`;
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
      const path = Study.address(Study.pictures[Number(link.dataset.picture)]).slice(1);
      location.hash = State.address(path);
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
      State.mark(State.address("pictures"));
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

  // Paper cannot be clicked: print what is folded, too, and fold it again.
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details:not([open])")];
    unfolded.forEach((details) => (details.open = true));
  });
  addEventListener("afterprint", () => {
    unfolded.forEach((details) => (details.open = false));
    unfolded = [];
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
  } else {
    State.mark();
  }
})();
