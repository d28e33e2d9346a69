// One picture in full, in a dialog: before and after under a slider, and all that is known of it.
"use strict";

const Viewer = (() => {
  const dialog = document.getElementById("viewer");
  const find = (selector) => dialog.querySelector(selector);
  const stage = find(".stage");
  const slider = find("[name=slider]");
  const against = find("[name=against]");
  const CONTENT = "";
  const notice = find(".notice");
  let current;
  // What pictures are compared with while one goes from one to the next.
  let wanted = CONTENT;

  const model = (picture) => `${picture.backbone} · ${picture.aggregation}`;

  // Backbone and aggregation as the value of an option: "VGG16/simple". No name holds a slash.
  const code = (picture) => `${picture.backbone}/${picture.aggregation}`;

  function decode(text) {
    const [backbone, aggregation] = text.split("/");
    return { backbone, aggregation };
  }

  // A name may be of any script: what stands beside it keeps its direction.
  function name(text) {
    const isolated = document.createElement("bdi");
    isolated.textContent = text;
    return isolated;
  }

  function fillCells(body, rows) {
    body.replaceChildren(
      ...rows.map(([title, ...values]) => {
        const row = document.createElement("tr");
        const head = document.createElement("th");
        head.scope = "row";
        head.textContent = title;
        row.append(head);
        for (const value of values) {
          const cell = row.insertCell();
          cell.className = "number";
          cell.textContent = value || "–";
        }
        return row;
      }),
    );
  }

  function fillList(list, rows) {
    list.replaceChildren(
      ...rows.flatMap(([title, value]) => {
        const [term, text] = [document.createElement("dt"), document.createElement("dd")];
        term.textContent = title;
        text.textContent = value;
        return [term, text];
      }),
    );
  }

  function others(picture) {
    return Study.pictures.filter(
      (one) => one !== picture && one.style === picture.style && one.content === picture.content,
    );
  }

  function fillAgainst(picture) {
    const rest = others(picture);
    against.replaceChildren(
      new Option("the untouched content", CONTENT),
      ...rest.map((one) => new Option(model(one), code(one))),
    );
    const found = rest.some((one) => code(one) === wanted);
    against.value = found ? wanted : CONTENT;
    notice.textContent =
      found || wanted === CONTENT || wanted === code(picture)
        ? ""
        : `There is no picture by “${wanted.replace("/", " · ")}” to compare with: this is the untouched content.`;
  }

  // The files to paint it again with one change.
  function offer(picture) {
    const { name, count, configs, calls } = Study.remake;
    const own = `${code(picture)}/${picture.style}`;
    // Contents are drawn in an order.
    const drawn = Study.values("content").indexOf(picture.content) + 1;
    const config = `# ${picture.remake}\n${configs[own].replace(count, drawn)}`;
    for (const [selector, text, ending, kind] of [
      ["a.config", config, "yaml", "text/yaml"],
      ["a.call", picture.contentLine + calls[own], "py", "text/x-python"],
    ]) {
      const link = find(selector);
      link.href = `data:${kind};charset=utf-8,${encodeURIComponent(text)}`;
      link.download = `${name}.${ending}`;
    }
    find(".remake").textContent = picture.remake;
    const lines = config.split("\n");
    find(".edit").textContent = lines.find((line) => line.includes("# <-"))?.trim() ?? "";
  }

  // Lays the content, or another model's picture, over the left part.
  function compare() {
    const picture = Study.pictures[current];
    const before = find(".before");
    const other = against.value === CONTENT ? undefined : Study.at({ ...picture, ...decode(against.value) });
    if (other === undefined) {
      const photograph = Grid.photograph(picture.content);
      before.replaceChildren(...(photograph ? [photograph] : []));
      find(".left").textContent = photograph ? "content" : "content missing";
    } else {
      before.replaceChildren(Grid.image(other));
      find(".left").textContent = model(Study.pictures[other]);
    }
  }

  function slide() {
    stage.style.setProperty("--at", `${slider.value}%`);
  }

  function show(number) {
    current = number;
    const picture = Study.pictures[number];
    const copy = Grid.image(number);
    const style = Study.label("style", picture.style);
    find("h2").replaceChildren(
      name(picture.content),
      " in the style of ",
      name(style),
      `, ${model(picture)}`,
    );
    find(".place").textContent = Grid.place(number);
    find(".after").replaceChildren(copy);
    stage.style.setProperty("--ratio", copy.getAttribute("width") / copy.getAttribute("height"));
    find(".right").textContent = model(picture);
    const original = find(".original a");
    original.href = picture.file;
    original.textContent = `Open the original (${picture.size} pixels)`;
    find(".original code").textContent = picture.path;
    find(".style-paintings").replaceChildren(...Grid.some(picture.style));
    find(".style-name").textContent = style;
    fillCells(find(".losses tbody"), picture.losses);
    fillCells(find(".scores tbody"), picture.scores);
    find(".scored").hidden = !picture.scores.length;
    find(".command").textContent = picture.command;
    offer(picture);
    find(".copied").textContent = "";
    fillList(find(".made"), picture.provenance);
    find("[name=previous]").disabled = Grid.neighbour(number, -1, 0) === undefined;
    find("[name=next]").disabled = Grid.neighbour(number, 1, 0) === undefined;
    fillAgainst(picture);
    compare();
    slide();
  }

  // Where the address bar leads to what is shown.
  function address() {
    const words = new URLSearchParams(State.query());
    if (against.value !== CONTENT) {
      words.set("against", against.value);
    }
    const path = Study.address(Study.pictures[current]).slice(1);
    return State.address(path, words.toString());
  }

  // What an address calls a model, as it is called here; if there is none, as it was given.
  function named(text) {
    const [backbone, aggregation = ""] = text.split("/");
    const place = { backbone: Study.find("backbone", backbone), aggregation: Study.find("aggregation", aggregation) };
    return place.backbone && place.aggregation ? code(place) : text;
  }

  // Opens a picture, or shows it where another one is open; `other` like "VGG16/simple".
  function open(number, other) {
    if (other !== undefined) {
      wanted = named(other);
    }
    show(number);
    if (!dialog.open) {
      dialog.showModal();
      find("[name=close]").focus();
    }
  }

  function go(across, down) {
    const number = Grid.neighbour(current, across, down);
    if (number !== undefined) {
      show(number);
      history.replaceState(history.state, "", address());
    }
  }

  async function copyCommand() {
    const command = find(".command");
    try {
      await navigator.clipboard.writeText(command.textContent);
    } catch {
      // Not every browser gives a page from disk the clipboard.
      getSelection().selectAllChildren(command);
      document.execCommand("copy");
    }
    find(".copied").textContent = "Copied";
  }

  function drag(event) {
    if (event.buttons & 1) {
      const box = stage.getBoundingClientRect();
      slider.value = (100 * (event.clientX - box.left)) / box.width;
      slide();
    }
  }

  slider.addEventListener("input", slide);
  stage.addEventListener("pointerdown", drag);
  stage.addEventListener("pointermove", drag);
  against.addEventListener("change", () => {
    wanted = against.value;
    notice.textContent = "";
    compare();
    history.replaceState(history.state, "", address());
  });
  find("[name=previous]").addEventListener("click", () => go(-1, 0));
  find("[name=next]").addEventListener("click", () => go(1, 0));
  find("[name=close]").addEventListener("click", () => dialog.close());
  find("[name=copy]").addEventListener("click", copyCommand);
  dialog.addEventListener("keydown", (event) => {
    const step = Grid.STEPS[event.key];
    if (
      step &&
      !event.altKey &&
      !event.ctrlKey &&
      !event.metaKey &&
      !event.target.matches("input, select, pre")
    ) {
      event.preventDefault();
      go(...step);
    }
  });

  return { dialog, open, current: () => current };
})();
