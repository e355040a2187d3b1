/* A term of the glossary says what it means when the pointer or the keyboard comes to it.
 *
 * The page carries the meanings (`_ext/glossary_hover.py`). What is shown can be pointed at, stays until the
 * pointer or the focus leaves both, and goes with Escape. Without this file the link leads to the glossary.
 */
(() => {
  "use strict";

  const LATER = 150; // milliseconds in which the pointer may cross from the link to the box

  document.addEventListener("DOMContentLoaded", () => {
    const data = document.getElementById("glossary-here");
    if (!data) return;
    const known = JSON.parse(data.textContent);
    const box = document.createElement("div");
    box.id = "glossary-box";
    box.setAttribute("role", "tooltip");
    box.hidden = true;
    document.body.append(box);
    let shown = null;
    let leaving = 0;

    const hide = () => {
      clearTimeout(leaving);
      if (!shown) return;
      shown.removeAttribute("aria-describedby");
      box.hidden = true;
      shown = null;
    };

    const fill = ([term, meaning, place, title]) => {
      const name = document.createElement("strong");
      name.textContent = term;
      const text = document.createElement("p");
      text.textContent = meaning;
      box.replaceChildren(name, text);
      if (title) {
        const first = document.createElement("p");
        const link = document.createElement("a");
        link.href = place;
        link.textContent = title;
        link.tabIndex = -1; // the keyboard finds the same link in the glossary
        first.className = "first-use";
        first.append("First used in ", link, ".");
        box.append(first);
      }
    };

    const put = (link) => {
      const room = document.documentElement.clientWidth;
      const at = link.getClientRects()[0];
      box.style.left = "0";
      const { width, height } = box.getBoundingClientRect();
      const left = Math.max(8, Math.min(at.left, room - width - 8));
      const above = at.bottom + height + 12 > window.innerHeight && at.top > height + 12;
      box.style.left = `${left + window.scrollX}px`;
      box.style.top = `${(above ? at.top - height - 4 : at.bottom + 4) + window.scrollY}px`;
    };

    const show = (link) => {
      clearTimeout(leaving);
      if (shown === link) return;
      hide();
      const meaning = known[link.hash.slice(1)];
      if (!meaning) return;
      fill(meaning);
      box.hidden = false;
      put(link);
      link.setAttribute("aria-describedby", box.id);
      shown = link;
    };

    const leave = () => {
      clearTimeout(leaving);
      leaving = setTimeout(hide, LATER);
    };

    for (const term of document.querySelectorAll("article a .glossary-term")) {
      const link = term.closest("a");
      link.removeAttribute("title");
      link.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && show(link));
      link.addEventListener("pointerleave", leave);
      link.addEventListener("focus", () => show(link));
      link.addEventListener("blur", leave);
    }
    box.addEventListener("pointerenter", () => clearTimeout(leaving));
    box.addEventListener("pointerleave", leave);
    document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  });
})();
