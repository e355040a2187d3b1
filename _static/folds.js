/* The sections of the longest pages are folded in a narrow window, until the reader, a link, or paper opens them. */
(() => {
  "use strict";

  const NARROW = "(max-width: 767px)";

  document.addEventListener("DOMContentLoaded", () => {
    const folds = [...document.querySelectorAll("details.fold")];
    if (!folds.length) return;

    const reveal = () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      const fold =
        target?.closest("details.fold") ?? target?.querySelector(":scope > details.fold");
      if (!fold || fold.open) return;
      fold.open = true;
      target.scrollIntoView();
    };

    if (matchMedia(NARROW).matches) for (const fold of folds) fold.open = false;
    reveal();
    window.addEventListener("hashchange", reveal);

    let closed = [];
    window.addEventListener("beforeprint", () => {
      closed = folds.filter((fold) => !fold.open);
      for (const fold of closed) fold.open = true;
    });
    window.addEventListener("afterprint", () => {
      for (const fold of closed) fold.open = false;
    });
  });
})();
