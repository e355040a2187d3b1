/* A field above each long table that the book computes: only rows with all of its words stay. */
(() => {
  "use strict";

  const SHORTEST = 12; // fewer rows are seen at a glance

  const heading_of = (table) =>
    table.closest("section")?.querySelector(":is(h1, h2, h3)")?.firstChild?.textContent.trim() ??
    "";

  const plain = (text) => text.toLowerCase().replace(/\s+/g, " ");

  const build = (table, number) => {
    const rows = [...(table.tBodies[0]?.rows ?? [])].map((row) => [row, plain(row.textContent)]);
    if (rows.length < SHORTEST) return;
    const field = document.createElement("input");
    field.type = "search";
    field.id = `row-filter-${number}`;
    field.autocomplete = "off";
    field.spellcheck = false;
    const label = document.createElement("label");
    label.htmlFor = field.id;
    label.textContent = "Only rows with";
    const where = document.createElement("span");
    where.className = "visually-hidden";
    where.textContent = ` these words, in ${heading_of(table)}`;
    label.append(where);
    const count = document.createElement("output");
    count.htmlFor = field.id;
    count.setAttribute("role", "status");
    count.textContent = `${rows.length} rows`;
    field.addEventListener("input", () => {
      const words = plain(field.value).split(" ").filter(Boolean);
      let left = 0;
      for (const [row, text] of rows) {
        row.hidden = !words.every((word) => text.includes(word));
        left += !row.hidden;
      }
      const said = words.length ? `${left} of ${rows.length} rows` : `${rows.length} rows`;
      count.textContent = left ? said : `${said}: no row has all these words`; // once, so that it is announced once
    });
    const place = document.createElement("p");
    place.className = "row-filter";
    place.append(label, " ", field, " ", count);
    table.closest(".computed-table").prepend(place);
  };

  document.addEventListener("DOMContentLoaded", () =>
    document.querySelectorAll("table.row-cards").forEach(build),
  );
})();
