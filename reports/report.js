// The page is complete without this script.

// Paper cannot be clicked: print what is folded, too.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) {
    details.open = true;
  }
});
