// What is shown of the page, and the address that says so: the one filter, the order and narrowing
// of tables, the axes of the grids. Each is a part; what one does is a step of the history.
"use strict";

const State = (() => {
  const parts = [];

  // A part of the state: `read` takes its value from the words of an address, `write` puts it there,
  // `apply` shows it. What stands at its default is in no address.
  function part({ read, write, apply }) {
    const one = { read, write, apply, value: read(new URLSearchParams()) };
    parts.push(one);
    return one;
  }

  function query() {
    const words = new URLSearchParams();
    parts.forEach((one) => one.write(one.value, words));
    return words.toString();
  }

  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  // Show what an address says.
  function restore(words) {
    const values = parts.map((one) => one.read(words));
    if (!parts.every((one, number) => same(one.value, values[number]))) {
      parts.forEach((one, number) => (one.value = values[number]));
      parts.forEach((one) => one.apply());
    }
  }

  // An address with the state as it is.
  const address = (path, words = query()) => `#${path}${words ? `?${words}` : ""}`;

  // The entry of the history that the page is at is one that it knows.
  const mark = (where = location.href) => history.replaceState({ own: true }, "", where);

  // The section that one is reading.
  function here() {
    const above = [...document.querySelectorAll("main > section[id]")].filter(
      (section) => section.getBoundingClientRect().top < innerHeight / 2,
    );
    return above.length ? above[above.length - 1].id : "main";
  }

  // A step of the reader's: `changes` is a list of [part, value].
  function change(changes, section = here()) {
    changes.forEach(([one, value]) => (one.value = value));
    parts.forEach((one) => one.apply());
    const next = address(section);
    if (next !== location.hash) {
      history.pushState({ own: true }, "", next);
    }
  }

  // The filter: by axis, the only value that is shown.
  const filter = part({
    read: (words) =>
      Object.fromEntries(
        Study.AXES.map((axis) => [axis, Study.find(axis, words.get(`only-${axis}`) ?? "")]).filter(
          ([, value]) => value !== undefined,
        ),
      ),
    write: (value, words) =>
      Study.AXES.filter((axis) => axis in value).forEach((axis) =>
        words.set(`only-${axis}`, value[axis]),
      ),
    apply: () => {},
  });

  // Whether the filter leaves what stands for a place of {backbone, aggregation, style, content};
  // what a place does not tell, it may be.
  const leaves = (place) =>
    Object.entries(filter.value).every(([axis, value]) => (place[axis] ?? value) === value);

  // The filter in words, or of it what concerns some axes.
  const told = (concerns = () => true) =>
    Object.entries(filter.value)
      .filter(([axis]) => concerns(axis))
      .map(([axis, value]) => `${Study.NAMES[axis]} ${Study.label(axis, value)}`);

  // What is said where nothing is left, and the way out.
  function nothing(text, reasons, clear) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Show all";
    button.addEventListener("click", clear);
    const words = document.createElement("bdi");
    words.textContent = reasons.join(", ");
    return [`${text}: `, words, " ", button];
  }

  return { part, query, restore, address, mark, change, filter, leaves, told, nothing };
})();
