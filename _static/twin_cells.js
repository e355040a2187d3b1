/* The reader's language: PyMC, TFP or both, chosen once, remembered on every page.
 *
 * <html data-ppl="pymc|tfp|both"> carries the choice, and twin_cells.css does the showing and
 * hiding. This file sets the attribute before the page is painted, builds the switch, and builds
 * the tabs of each panel for windows that have no room for two columns. Without JavaScript there
 * is no attribute, and both languages are stacked.
 */
(() => {
  "use strict";

  const CHOICES = { pymc: "PyMC", tfp: "TFP", both: "Both" };
  const NAMES = { pymc: "PyMC", tfp: "TensorFlow Probability" };
  const root = document.documentElement;

  // Storage can be refused (private windows, file:// in some browsers): then nothing is remembered.
  const recall = (key, allowed) => {
    try {
      const value = localStorage.getItem(key);
      return Object.hasOwn(allowed, value ?? "") ? value : null;
    } catch {
      return null;
    }
  };
  const remember = (key, value) => {
    try {
      localStorage.setItem(key, value);
    } catch {
      /* the choice still holds for this page */
    }
  };

  /* Before the first paint ------------------------------------------------------------------- */

  const asked = new URLSearchParams(location.search).get("ppl") ?? "";
  const linked = Object.hasOwn(CHOICES, asked);
  root.dataset.ppl = linked ? asked : (recall("ppl", CHOICES) ?? "both");
  root.dataset.pplTab = recall("ppl-tab", NAMES) ?? "pymc";
  if (linked) remember("ppl", asked);

  /* Changing the choice ---------------------------------------------------------------------- */

  // Keep what the reader looks at where it is, although everything above it may change height.
  const holdStill = (element, change) => {
    const before = element?.getBoundingClientRect().top;
    change();
    if (element)
      window.scrollBy({ top: element.getBoundingClientRect().top - before, behavior: "instant" });
  };
  const firstOnScreen = () =>
    [
      ...document.querySelectorAll(".bd-article > section > *, .bd-article section section > *"),
    ].find((element) => !element.matches("section") && element.getBoundingClientRect().bottom > 80);

  const choose = (choice) => {
    holdStill(firstOnScreen(), () => (root.dataset.ppl = choice));
    remember("ppl", choice);
    // A link's ?ppl= has done its work; left in the address it would undo this choice on reload.
    const url = new URL(location.href);
    if (url.searchParams.has("ppl")) {
      url.searchParams.delete("ppl");
      try {
        history.replaceState(null, "", url);
      } catch {
        /* some browsers refuse this on file:// */
      }
    }
    for (const radio of document.querySelectorAll(".ppl-switch input"))
      radio.checked = radio.value === choice;
    arrange();
  };

  const selectTab = (language, panel) => {
    holdStill(panel, () => (root.dataset.pplTab = language));
    remember("ppl-tab", language);
    arrange();
  };

  /* The switch, in the bar above the article ------------------------------------------------- */

  const buildSwitch = () => {
    const bar = document.querySelector(".header-article-items__end");
    if (!bar) return;
    const fieldset = document.createElement("fieldset");
    fieldset.className = "ppl-switch";
    fieldset.innerHTML = "<legend>Show models in</legend>";
    for (const [value, text] of Object.entries(CHOICES)) {
      const label = document.createElement("label");
      label.innerHTML = `<input type="radio" name="ppl" value="${value}"><span>${text}</span>`;
      label.firstChild.checked = value === root.dataset.ppl;
      label.firstChild.addEventListener("change", () => choose(value));
      fieldset.append(label);
    }
    bar.prepend(fieldset);
  };

  /* The tabs of a panel ---------------------------------------------------------------------- */

  const buildTabs = (panel, number) => {
    const tabs = document.createElement("div");
    tabs.className = "twin-tabs";
    tabs.setAttribute("role", "tablist");
    tabs.setAttribute("aria-label", "The model in");
    for (const [language, name] of Object.entries(NAMES)) {
      const side = panel.querySelector(`:scope > .twin-${language}`);
      side.id ||= `twins-${number}-${language}`;
      const tab = document.createElement("button");
      tab.type = "button";
      tab.id = `twins-${number}-${language}-tab`;
      tab.dataset.language = language;
      tab.textContent = name;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", side.id);
      tab.addEventListener("click", () => selectTab(language, panel));
      tabs.append(tab);
    }
    tabs.addEventListener("keydown", (event) => {
      const buttons = [...tabs.children];
      const here = buttons.indexOf(document.activeElement);
      const last = buttons.length - 1;
      const next = {
        ArrowRight: here === last ? 0 : here + 1,
        ArrowLeft: here === 0 ? last : here - 1,
        Home: 0,
        End: last,
      }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      selectTab(buttons[next].dataset.language, panel);
      buttons[next].focus();
    });
    panel.prepend(tabs);
  };

  // Say to assistive software what the style sheet shows: tabs, or two labeled groups. All is asked first and
  // written then, and only what changes: in between, the browser would compute the styles of the page anew.
  const put = (place, name, value) => {
    if (value === null) place.removeAttribute(name);
    else if (place.getAttribute(name) !== String(value)) place.setAttribute(name, value);
  };
  const arrange = () => {
    const bars = [...document.querySelectorAll(".twin-tabs")];
    const tabbed = bars.map((bar) => getComputedStyle(bar).display !== "none");
    bars.forEach((bar, number) => {
      for (const tab of bar.children) {
        const language = tab.dataset.language;
        const selected = language === root.dataset.pplTab;
        put(tab, "aria-selected", selected);
        put(tab, "tabindex", selected ? 0 : -1);
        const side = document.getElementById(tab.getAttribute("aria-controls"));
        put(side, "role", tabbed[number] ? "tabpanel" : "group");
        put(side, "aria-labelledby", tabbed[number] ? tab.id : null);
        put(side, "aria-label", tabbed[number] ? null : NAMES[language]);
      }
    });
  };

  // A link may point at a figure on the side that is not shown: show it.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const side = target?.closest(".twin");
    if (!side || getComputedStyle(side).display !== "none") return;
    const language = side.classList.contains("twin-tfp") ? "tfp" : "pymc";
    if (root.dataset.ppl === "both") selectTab(language, null);
    else choose("both");
    if (getComputedStyle(side).display === "none") selectTab(language, null);
    target.scrollIntoView();
  };

  document.addEventListener("DOMContentLoaded", () => {
    const panels = document.querySelectorAll(".twins");
    if (!panels.length && !document.querySelector(".ppl-here")) return;
    buildSwitch();
    panels.forEach(buildTabs);
    arrange();
    const column = document.querySelector(".bd-content");
    if (panels.length && column) new ResizeObserver(arrange).observe(column);
    window.addEventListener("hashchange", reveal);
    reveal();
  });
})();
