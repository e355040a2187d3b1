/* Ticks: pages that were read, and exercises that were passed, as the reader sets them.
 *
 * They are kept in this browser (localStorage, key `course-ticks`) and leave it never; where storage is
 * refused, nothing of this appears. A chapter ends with a button, each exercise has a box beside its heading and in
 * the list of all exercises; the contents and the cards of the first page show what was ticked.
 */
(() => {
  "use strict";

  const KEY = "course-ticks";
  const HEADING = /^(?:\d\d\.\d+ · )?(\S+) \((easy|medium|hard)\b[^)]*\):/; // "06.2 · 4E7 (easy): ..."

  /* What is kept ----------------------------------------------------------------------------- */

  const usable = (() => {
    try {
      localStorage.setItem(`${KEY}-try`, "");
      localStorage.removeItem(`${KEY}-try`);
      return true;
    } catch {
      return false;
    }
  })();
  if (!usable) return;

  const names = (value) =>
    Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
  const recall = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY)) ?? {};
      return { read: new Set(names(kept.read)), passed: new Set(names(kept.passed)) };
    } catch {
      return { read: new Set(), passed: new Set() };
    }
  };
  const keep = (ticks) => {
    try {
      localStorage.setItem(
        KEY,
        JSON.stringify({ read: [...ticks.read], passed: [...ticks.passed] }),
      );
    } catch {
      /* a full storage keeps what it had */
    }
  };
  const set = (kind, name, on) => {
    const ticks = recall(); // another page may have changed it
    if (on) ticks[kind].add(name);
    else ticks[kind].delete(name);
    keep(ticks);
    show();
  };

  /* Where one is ----------------------------------------------------------------------------- */

  const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  const page_of = (url) =>
    decodeURIComponent(url.pathname.slice(root.pathname.length)).replace(/\.html$/, "");
  const here = page_of(location);
  const article = () => document.querySelector("article.bd-article");

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  /* What is shown ---------------------------------------------------------------------------- */

  const mark = (place, text, spoken) => {
    let shown = place.querySelector(":scope > .tick");
    if (!text) {
      shown?.remove();
      return;
    }
    shown ??= place.appendChild(element("span", { className: "tick" }));
    const sign = element("span", {}, text);
    sign.setAttribute("aria-hidden", "true");
    shown.replaceChildren(sign, element("span", { className: "visually-hidden" }, ` (${spoken})`));
  };

  const show = () => {
    const ticks = recall();
    for (const link of document.querySelectorAll(".bd-sidebar-primary .bd-links a.reference")) {
      const read = ticks.read.has(page_of(link));
      mark(link, read ? "✓" : "", "read");
    }
    for (const card of document.querySelectorAll(".chapter-card")) {
      const all = card.dataset.exercises.split(" ").filter(Boolean);
      const passed = all.filter((name) => ticks.passed.has(name)).length;
      const parts = [];
      if (ticks.read.has(card.dataset.page)) parts.push("✓ read");
      if (passed) parts.push(`${passed} of ${all.length} exercises passed`);
      const place = card.querySelector(".chapter-card-ticks");
      place.textContent = parts.join(", ");
      place.hidden = !parts.length;
    }
    for (const box of document.querySelectorAll("input.passed"))
      box.checked = ticks.passed.has(box.value);
    for (const button of document.querySelectorAll("button.read-mark")) {
      button.setAttribute("aria-pressed", ticks.read.has(here));
    }
    const status = document.getElementById("ticks-status");
    if (status) {
      const count = ticks.read.size + ticks.passed.size;
      const chapters = document.querySelectorAll(".chapter-card").length;
      const read = [...document.querySelectorAll(".chapter-card")].filter((card) =>
        ticks.read.has(card.dataset.page),
      );
      status.querySelector("span").textContent =
        `You have ticked ${read.length} of ${chapters} chapters and ${ticks.passed.size} exercises. ` +
        "This is kept in this browser only.";
      status.hidden = !count;
    }
  };

  /* What is built ---------------------------------------------------------------------------- */

  const pass_box = (name) => {
    const box = element("input", { type: "checkbox", className: "passed", value: name });
    box.addEventListener("change", () => set("passed", name, box.checked));
    return element(
      "label",
      { className: "pass-mark" },
      box,
      " passed",
      element("span", { className: "visually-hidden" }, ` ${name}`),
    );
  };

  const build_button = () => {
    if (!here.startsWith("chapters/")) return;
    const button = element(
      "button",
      { type: "button", className: "read-mark" },
      "I have read this chapter",
    );
    button.addEventListener("click", () =>
      set("read", here, button.getAttribute("aria-pressed") !== "true"),
    );
    article()?.append(element("p", { className: "read-mark-place" }, button));
  };

  const build_boxes = () => {
    if (!here.startsWith("exercises/")) return;
    for (const heading of document.querySelectorAll("article h2")) {
      const found = HEADING.exec(heading.textContent.trim());
      if (found) heading.after(element("p", { className: "pass-mark-place" }, pass_box(found[1])));
    }
  };

  const build_status = () => {
    const cards = document.querySelector(".chapter-cards");
    if (!cards) return;
    const forget = element("button", { type: "button" }, "Forget it");
    forget.addEventListener("click", () => {
      try {
        localStorage.removeItem(KEY);
      } catch {
        /* nothing was kept */
      }
      show();
      const next = cards.querySelector("a");
      next.focus();
    });
    const status = element("p", { id: "ticks-status", hidden: true }, element("span"), " ", forget);
    cards.before(status);
    for (const card of cards.children)
      card.append(element("p", { className: "chapter-card-ticks", hidden: true }));
  };

  const choice = (table, label, key) => {
    const rows = [...table.tBodies[0].rows];
    const values = [...new Set(rows.map((row) => row.dataset[key]))];
    if (key === "concept") values.sort((one, other) => one.localeCompare(other));
    const select = element(
      "select",
      {},
      element("option", { value: "" }, "all"),
      ...values.map((value) => element("option", {}, value)),
    );
    select.dataset.key = key;
    select.id = `exercise-${key}`;
    return element("span", {}, element("label", { htmlFor: select.id }, label), " ", select);
  };

  const build_list = () => {
    const table = document.querySelector("table.exercise-list");
    if (!table) return;
    table.tHead.rows[0].append(element("th", { scope: "col", role: "columnheader" }, "Passed"));
    for (const row of table.tBodies[0].rows) {
      row.append(element("td", { role: "cell" }, pass_box(row.dataset.exercise)));
    }
    const count = element("p", { className: "exercise-count" });
    count.setAttribute("role", "status");
    const form = element(
      "form",
      { className: "exercise-choices" },
      choice(table, "Level", "level"),
      choice(table, "Concept", "concept"),
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => {
      const chosen = [...form.querySelectorAll("select")].filter((select) => select.value);
      let left = 0;
      for (const row of table.tBodies[0].rows) {
        row.hidden = !chosen.every((select) => row.dataset[select.dataset.key] === select.value);
        left += !row.hidden;
      }
      count.textContent = chosen.length ? `${left} ${left === 1 ? "exercise" : "exercises"}.` : "";
    });
    (table.closest(".table-scroll") ?? table).before(form, count);
  };

  document.addEventListener("DOMContentLoaded", () => {
    build_button();
    build_boxes();
    build_status();
    build_list();
    show();
    window.addEventListener(
      "storage",
      (event) => (event.key === KEY || event.key === null) && show(),
    );
    window.addEventListener("pageshow", show);
  });
})();
