// The table of contents marks the section that one is in, and keeps its link in sight.
"use strict";

(() => {
  const nav = document.querySelector("nav[aria-label='Sections']");
  const links = new Map([...nav.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const sections = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  const passing = new Set();
  let atEnd = false;
  let current = null;

  function mark() {
    // Sections lie in each other's way at their borders only: the later one has just begun.
    const found = atEnd ? sections.at(-1) : sections.filter((one) => passing.has(one)).at(-1);
    if (!found || found === current) {
      return;
    }
    links.get(current?.id)?.removeAttribute("aria-current");
    current = found;
    const link = links.get(found.id);
    link.setAttribute("aria-current", "true");
    nav.scrollTo({ left: link.offsetLeft - (nav.clientWidth - link.offsetWidth) / 2 });
  }

  // Where one reads: a line a third down the window.
  const reading = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        passing[entry.isIntersecting ? "add" : "delete"](entry.target);
      }
      mark();
    },
    { rootMargin: "-33% 0px -66% 0px" },
  );
  sections.forEach((section) => reading.observe(section));

  // What comes last may be too short to come up to that line.
  const end = new IntersectionObserver(
    ([entry]) => {
      atEnd = entry.isIntersecting;
      mark();
    },
    { threshold: 1 },
  );
  end.observe(document.querySelector("footer"));

  // An answer that is folded opens where one is led to it.
  function unfold() {
    let [id] = location.hash.slice(1).split("?");
    try {
      id = decodeURIComponent(id);
    } catch {
      return;
    }
    const folded = id.startsWith("answer-") && document.getElementById(id)?.querySelector("details");
    if (folded) {
      folded.open = true;
    }
  }
  addEventListener("hashchange", unfold);
  unfold();
})();
