/* What every page does: enlarge figures, and let the keyboard reach whatever scrolls sideways. */
(() => {
  "use strict";

  // A page opened from a folder may not read other pages: there, search lists titles without excerpts.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  /* A figure is a link to its image. In a window that can show it here, it is shown here. */
  const enlarge = (link) => {
    const small = link.querySelector("img");
    const dialog = document.createElement("dialog");
    dialog.className = "enlarged";
    dialog.setAttribute("aria-label", "Enlarged figure");
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    const image = document.createElement("img");
    image.src = small.src;
    image.alt = small.alt;
    dialog.append(close, image);
    dialog.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.enlarge");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    enlarge(link);
  });

  /* What is wider than its place scrolls, and is then a stop of the tabulator key; else it is none. */
  const WIDE = ".table-scroll, .pst-scrollable-table-container, div.math, .bd-article pre";
  const mark = (place) => {
    if (place.scrollWidth > place.clientWidth + 1) {
      place.tabIndex = 0;
      if (place.localName === "div") {
        place.setAttribute("role", "group");
        place.setAttribute(
          "aria-label",
          place.matches(".math") ? "Formula, scrolls" : "Table, scrolls",
        );
      }
    } else if (place.tabIndex === 0) {
      for (const name of ["tabindex", "role", "aria-label"]) place.removeAttribute(name);
    }
  };

  /* Paper is white. */
  const root = document.documentElement;
  let shown = null;
  window.addEventListener("beforeprint", () => {
    shown = root.dataset.theme;
    root.dataset.theme = "light";
  });
  window.addEventListener("afterprint", () => {
    root.dataset.theme = shown;
  });

  document.addEventListener("DOMContentLoaded", () => {
    const observer = new ResizeObserver((entries) =>
      entries.forEach((entry) => mark(entry.target)),
    );
    document.querySelectorAll(WIDE).forEach((place) => observer.observe(place));
    // Formulas get their width when they are typeset.
    window.MathJax?.startup?.promise?.then(() =>
      document.querySelectorAll("div.math").forEach(mark),
    );
  });
})();
