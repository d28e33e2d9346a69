// Heads of tables stay in sight: of a very long table within a region of its own, of any other on
// the page. There styles alone would not do, since what scrolls sideways holds its heads back.
"use strict";

const Heads = (() => {
  const LONG = 30;
  const nav = document.querySelector("nav");
  const tables = [];
  let waiting = false;

  // Down to where what stays at the upper edge covers the page.
  function edge() {
    const box = nav?.getBoundingClientRect();
    const covers = box && getComputedStyle(nav).position === "sticky" && box.width > innerWidth / 2;
    return covers ? Math.max(0, box.bottom) : 0;
  }

  // By how much a table's head is to be moved down; it leaves with the last row.
  function shift(table, top) {
    const box = table.getBoundingClientRect();
    if (box.bottom < 0 || box.top > innerHeight) {
      return 0;
    }
    const start = box.top + (table.caption?.offsetHeight ?? 0);
    const room = box.bottom - start - table.tHead.offsetHeight - (table.rows[table.rows.length - 1]?.offsetHeight ?? 0) / 2;
    return Math.round(Math.min(Math.max(0, top - start), Math.max(0, room)));
  }

  function place() {
    waiting = false;
    const top = edge();
    // All are measured before the first is moved.
    const moving = tables.filter((table) => !table.parentNode.matches(".long"));
    const shifts = moving.map((table) => shift(table, top));
    moving.forEach((table, number) => {
      const moved = shifts[number] ? `translateY(${shifts[number]}px)` : "";
      if (table.tHead.style.transform !== moved) {
        table.tHead.style.transform = moved;
      }
    });
  }

  function soon() {
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(place);
    }
  }

  // Take the tables that are there now.
  function look() {
    const there = [...document.querySelectorAll("main .scroll > table")].filter((table) => table.tHead);
    tables.splice(0, tables.length, ...there);
    for (const table of tables) {
      const rows = [...table.tBodies].reduce((sum, body) => sum + body.rows.length, 0);
      table.parentNode.classList.toggle("long", rows > LONG && !table.matches(".grid"));
    }
    soon();
  }

  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  look();
  return { look };
})();
