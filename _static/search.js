/* The search page: what it finds, and in which order.
 *
 * `search_words.js`, which is loaded at the first search, sets `courseWords`: pages, and of each its sections
 * with title, text and the names in their code (see `_ext/search_index.py`). A section is found if each
 * word of the question begins a word in it. Groups stand in the order of `kinds`, solutions last and without
 * excerpts; within a group, what has the words in its title comes first.
 */
(() => {
  "use strict";

  const FILE = "search_words.js";
  const SOLUTION = 5; // the last of the kinds
  const SHOWN = 6; // results of a group, before one asks for more
  const AROUND = 90; // characters of an excerpt on either side
  const GREEK =
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau upsilon phi chi psi omega".split(
      " ",
    );

  /* Words ------------------------------------------------------------------------------------ */

  // One spelling for what is the same: R-hat, r hat and R̂; τ and tau; é and e.
  const flat = (text) =>
    text
      .normalize("NFKD")
      .replace(/([a-z])\u0302/gi, "$1-hat")
      .replace(/[\u0300-\u036f]/g, "")
      .toLowerCase()
      .replace(/[α-ω]/g, (letter) => ` ${GREEK[letter.charCodeAt(0) - 0x3b1]} `);
  const parted = (text) => text.replace(/[^a-z0-9]+/g, " ");
  const joined = (text) =>
    (text.match(/[a-z0-9]+(?:[-‐-–][a-z0-9]+)+/g) ?? []).join(" ").replace(/[^a-z0-9 ]/g, "");
  const searchable = (text) => {
    const clean = flat(text);
    return ` ${parted(clean)} ${joined(clean)} `;
  };
  const asked = (query) => {
    const words = flat(query).match(/[a-z0-9]+(?:[-‐-–][a-z0-9]+)*/g) ?? [];
    return [
      ...new Set(words.map((word) => word.replace(/[^a-z0-9]/g, "").replace(/^(.{3,})s$/, "$1"))),
    ];
  };

  /* The index -------------------------------------------------------------------------------- */

  let entries = null;
  let loading = null;

  const load = () => {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = (document.documentElement.dataset.content_root ?? "./") + FILE;
      script.addEventListener("load", resolve);
      script.addEventListener("error", reject);
      document.head.append(script);
    });
    return loading;
  };

  const index = () => {
    entries ??= window.courseWords.pages.flatMap(([page, pageTitle, sections]) =>
      sections.map(([kind, anchor, title, text, code]) => ({
        kind,
        title: anchor && title !== pageTitle ? title : pageTitle,
        page: anchor ? pageTitle : "",
        text,
        href: `${page}.html${anchor ? `#${anchor}` : ""}`,
        words: {
          title: searchable(title),
          page: searchable(pageTitle),
          text: searchable(text),
          code: searchable(code),
        },
      })),
    );
    return entries;
  };

  const count = (where, what) => where.split(what).length - 1;
  const points = ({ words }, word) => {
    const begins = ` ${word}`;
    const whole = ` ${word} `;
    const score =
      (words.title.includes(whole) ? 20 : words.title.includes(begins) ? 12 : 0) +
      (words.page.includes(whole) ? 6 : words.page.includes(begins) ? 3 : 0) +
      Math.min(4, count(words.text, whole)) +
      (words.text.includes(begins) ? 1 : 0) +
      (words.code.includes(begins) ? 1 : 0);
    return score;
  };

  // All words, or, where no section has all, as many as possible.
  const find = (wanted) => {
    const found = index()
      .map((entry) => ({ entry, each: wanted.map((word) => points(entry, word)) }))
      .map(({ entry, each }) => ({
        entry,
        hits: each.filter(Boolean).length,
        score:
          each.reduce((sum, one) => sum + one, 0) +
          (entry.words.text.includes(` ${wanted.join(" ")}`) ? 3 : 0),
      }))
      .filter(({ hits }) => hits);
    const most = Math.max(0, ...found.map(({ hits }) => hits));
    return {
      complete: most === wanted.length,
      found: found
        .filter(({ hits }) => hits === most)
        .sort((one, other) => other.score - one.score),
    };
  };

  /* The page --------------------------------------------------------------------------------- */

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  // The words of a text, cut where a question may begin: "R-hat" is one, and "R" and "hat" are two.
  const marked = (text, wanted) => {
    const pieces = text.split(/([\p{L}\p{M}\p{N}]+(?:[-‐-–][\p{L}\p{M}\p{N}]+)*)/u);
    return pieces.map((piece, place) => {
      const hay = place % 2 ? searchable(piece) : "";
      return wanted.some((word) => hay.includes(` ${word}`)) ? element("mark", {}, piece) : piece;
    });
  };

  const excerpt = (text, wanted) => {
    const pieces = marked(text, wanted);
    let start = 0;
    for (const piece of pieces) {
      if (typeof piece !== "string") break;
      start += piece.length;
    }
    if (start >= text.length) start = 0; // the words are in the title, or in code
    let from = Math.max(0, start - AROUND);
    if (from > 0) from = text.indexOf(" ", from) + 1;
    let to = Math.min(text.length, start + 2 * AROUND);
    if (to < text.length) to = Math.max(start + 1, text.lastIndexOf(" ", to));
    return [
      from > 0 ? "… " : "",
      ...marked(text.slice(from, to), wanted),
      to < text.length ? " …" : "",
    ];
  };

  const item = ({ entry }, wanted) => {
    const made = element(
      "li",
      {},
      element("a", { href: entry.href }, ...marked(entry.title, wanted)),
    );
    if (entry.kind === SOLUTION)
      made.append(" ", element("span", { className: "search-mark" }, "solution"));
    if (entry.page) made.append(" ", element("span", { className: "search-page" }, entry.page));
    if (entry.kind !== SOLUTION && entry.text)
      made.append(element("p", {}, ...excerpt(entry.text, wanted)));
    return made;
  };

  const group = (kind, found, wanted) => {
    const list = element("ol", {}, ...found.slice(0, SHOWN).map((one) => item(one, wanted)));
    const section = element("section", {}, element("h2", {}, kind), list);
    const rest = found.slice(SHOWN);
    if (rest.length) {
      const more = element(
        "button",
        { type: "button", className: "search-more" },
        `Show ${rest.length} more`,
      );
      more.addEventListener("click", () => {
        const items = rest.map((one) => item(one, wanted));
        list.append(...items);
        items[0].querySelector("a").focus();
        more.remove();
      });
      section.append(more);
    }
    return section;
  };

  const say = (text) => {
    document.getElementById("search-status").textContent = text;
  };

  const show = async (query) => {
    const place = document.getElementById("search-results");
    const wanted = asked(query);
    if (!wanted.length) {
      place.replaceChildren();
      say(query.trim() ? "Write a word with letters or digits." : "");
      return;
    }
    try {
      await load();
    } catch {
      say("The words of the course could not be loaded.");
      return;
    }
    const { complete, found } = find(wanted);
    const groups = window.courseWords.kinds.map((kind, number) => [
      kind,
      found.filter(({ entry }) => entry.kind === number),
    ]);
    place.replaceChildren(
      ...groups.filter(([, each]) => each.length).map(([kind, each]) => group(kind, each, wanted)),
    );
    const places = `${found.length} ${found.length === 1 ? "place" : "places"}`;
    say(
      !found.length
        ? "Nothing was found."
        : complete
          ? `${places}.`
          : `No place has all of these words. ${places} with some.`,
    );
  };

  const remember = (query) => {
    const url = new URL(location.href);
    url.searchParams.set("q", query);
    try {
      history.replaceState(null, "", url);
    } catch {
      /* some browsers refuse this on file:// */
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    const field = document.getElementById("course-search-field");
    if (!field) return;
    let waiting = 0;
    const search = () => {
      clearTimeout(waiting);
      remember(field.value);
      return show(field.value);
    };
    field.form.addEventListener("submit", (event) => {
      event.preventDefault();
      search();
    });
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(search, 200);
    });
    field.value = new URLSearchParams(location.search).get("q") ?? "";
    field.focus();
    show(field.value);
  });
})();
