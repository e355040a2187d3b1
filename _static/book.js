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
    image.style.setProperty("--drawn", `${small.getAttribute("width")}px`);
    dialog.append(close, image);
    // Whoever moves a large figure about under the finger taps it by mistake.
    dialog.addEventListener("click", (event) => {
      if (event.target !== image || dialog.scrollWidth <= dialog.clientWidth) dialog.close();
    });
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

  /* What is drawn smaller than it is says so; where, the style sheet knows. */
  const SMALLER = 0.85; // of its own width, and less: words in it are then hard to read
  const hint = (images) => {
    const widths = images.map((image) => image.clientWidth); // all of them before any change
    images.forEach((image, number) => {
      if (!widths[number]) return; // folded away, or in the other tab
      const link = image.closest("a");
      link.classList.toggle("smaller", widths[number] < SMALLER * image.getAttribute("width"));
      if (link.querySelector(".enlarge-hint")) return;
      const words = document.createElement("span");
      words.className = "enlarge-hint";
      words.textContent = "Tap to enlarge";
      link.append(words);
    });
  };

  /* What is wider than its place scrolls, and is then a stop of the tabulator key; else it is none. */
  const TABLES = ".table-scroll, .pst-scrollable-table-container";
  const SHADED = `${TABLES}, div.math`;
  const WIDE = `${SHADED}, .bd-article pre, .cell_output > .output`;

  /* Where there is more of a table or a formula than is seen; and whether the names of a table's rows stay: if they
   * leave the numbers about half of the place. What is far wider has room for the words beside code. */
  const SHARE = 0.55;
  const FAR = 1.15;
  const more_of = ({ scrollLeft, clientWidth, scrollWidth }) =>
    [scrollLeft > 1 && "left", scrollLeft + clientWidth < scrollWidth - 1 && "right"]
      .filter(Boolean)
      .join(" ");
  const measure = (place) => {
    const [first, second] = [".row-name", ".row-name-2"].map(
      (name) => place.querySelector(`tbody ${name}`)?.offsetWidth ?? 0,
    );
    const stay = first > 0 && first + second <= place.clientWidth * SHARE;
    const far = place.scrollWidth > place.clientWidth * FAR;
    return { place, first, stay, far, more: more_of(place) };
  };
  const show_more = ({ place, first, stay, far, more }) => {
    place.dataset.more = more;
    place.classList.toggle("far-wider", far);
    place.classList.toggle("names-stay", stay);
    place.style.setProperty("--first-names", `${first}px`);
  };
  document.addEventListener(
    "scroll",
    ({ target }) => {
      if (target.dataset?.more !== undefined) target.dataset.more = more_of(target);
    },
    { capture: true, passive: true },
  );

  const mark = (places) => {
    const wide = places.map((place) => place.scrollWidth > place.clientWidth + 1); // all of them before any change
    const shaded = places.filter((place, number) => wide[number] && place.matches(SHADED));
    shaded.map(measure).forEach(show_more);
    places.forEach((place, number) => {
      if (wide[number] === (place.tabIndex === 0)) return;
      if (wide[number]) {
        place.tabIndex = 0;
        if (place.localName === "pre") return;
        place.setAttribute("role", "group");
        place.setAttribute(
          "aria-label",
          place.matches(".math") ? "Formula, scrolls" : "Table, scrolls",
        );
      } else {
        for (const name of ["tabindex", "role", "aria-label", "data-more"])
          place.removeAttribute(name);
      }
    });
  };

  /* Numbers that are copied out of a table can be computed with: programs know a hyphen, not a minus. */
  document.addEventListener("copy", (event) => {
    const chosen = getSelection();
    const place = chosen.anchorNode?.parentElement?.closest(".table-scroll");
    if (!place?.contains(chosen.focusNode)) return;
    const text = chosen.toString().replaceAll(/\u2212(?=\.?\d|inf)/g, "-");
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  });

  /* A formula is typeset when the reader comes near it (MathJax's `ui/lazy`). The others follow in idle moments, a few at a
   * time, so that whoever hears the page finds them all. */
  const PAUSE = 3000;
  const AT_ONCE = 6;
  const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
  const typeset_more = () => {
    const waiting = [...document.querySelectorAll("mjx-lazy")].slice(0, AT_ONCE);
    if (!waiting.length) {
      mark([...document.querySelectorAll("div.math")]); // a formula does not change the size of its place
      return;
    }
    MathJax.startup.document.lazyObserve(
      waiting.map((target) => ({ target, isIntersecting: true })),
    );
    setTimeout(() => idle(typeset_more), 50);
  };

  /* Before the first paint: light or dark, as the system says. The theme says the same, but later, and then the colors
   * of all that is there are computed once more. */
  const root = document.documentElement;
  if (root.dataset.theme === "auto")
    root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

  /* Paper is white. */
  let shown = null;
  window.addEventListener("beforeprint", () => {
    shown = root.dataset.theme;
    root.dataset.theme = "light";
  });
  window.addEventListener("afterprint", () => {
    root.dataset.theme = shown;
  });

  /* What a cell prints goes on below where a line is too long, but columns would then fall apart: they scroll, as tables do. */
  const COLUMNS = /(?:^.*\S {2,}\S.*(?:\n|$)){2,}/gm;
  const keep_columns = (printed) => {
    const text = [...printed.childNodes].find((node) => node.nodeType === Node.TEXT_NODE);
    if (printed.textContent !== text?.data) return; // colors, as errors have them
    for (const { 0: rows, index } of [...text.data.matchAll(COLUMNS)].toReversed()) {
      const place = document.createElement("span");
      place.className = "table-scroll printed";
      const columns = document.createElement("span");
      columns.textContent = rows;
      place.append(columns);
      const after = text.splitText(index);
      after.deleteData(0, rows.length);
      after.before(place);
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    const observer = new ResizeObserver((entries) => mark(entries.map((entry) => entry.target)));
    document.querySelectorAll(".output.text_plain pre").forEach(keep_columns);
    document.querySelectorAll(WIDE).forEach((place) => observer.observe(place));
    const sizes = new ResizeObserver((entries) => hint(entries.map((entry) => entry.target)));
    document.querySelectorAll("a.enlarge img").forEach((image) => sizes.observe(image));
    window.MathJax?.startup?.promise?.then(() => setTimeout(() => idle(typeset_more), PAUSE));
  });
})();
