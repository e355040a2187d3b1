/* Cards that ask before the page tells.
 *
 * A card (form.predict) covers the outputs below it (.predict-answer) until the reader commits: to a
 * choice, a number, or a thought. A self-check (data-kind="check") covers nothing but its own words.
 * predict_cards.css does the showing and hiding, by <html data-predict>, which is set before the page is
 * painted; by form[data-done]; and by .predict-open on what is uncovered.
 * Without JavaScript everything is open.
 */
(() => {
  "use strict";

  const KEY = "predictions";
  const SHOWN = "shown"; // the reader looked without a choice or a number

  // What stands on the buttons, and what is said to somebody who only looked.
  const PREDICTION = {
    commit: "Commit and look",
    show: "I have my own answer. Show me",
    again: "Predict again",
    shown: "Uncovered. Compare with what you had in mind.",
  };
  const CHECK = {
    commit: "Check",
    show: "Show me",
    again: "Try again",
    shown: "The right one is marked.",
  };

  document.documentElement.dataset.predict = "";

  // Storage can be refused (private windows, file:// in some browsers): then nothing is remembered.
  const recall = () => {
    try {
      return { ...JSON.parse(localStorage.getItem(KEY)) };
    } catch {
      return {};
    }
  };
  const remember = (change) => {
    const kept = recall();
    change(kept);
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      /* the prediction still holds for this page */
    }
  };

  const button = (text, act, quiet = true) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    if (quiet) made.className = "quiet";
    made.addEventListener("click", act);
    return made;
  };

  const answers = (card) => [...document.getElementsByClassName(`${card.id}-answer`)];
  const uncover = (card, open) =>
    answers(card).forEach((one) => one.classList.toggle("predict-open", open));
  const words = (card) => (card.dataset.kind === "check" ? CHECK : PREDICTION);
  const choices = (card) => [...card.querySelectorAll(".predict-choice")];
  const picked = (card) =>
    card.querySelector("input:checked")?.value ?? card.querySelector("[type=text]")?.value.trim();

  const verdict = (card, value) => {
    if (card.dataset.kind === "number" && value !== SHOWN)
      return `You said ${value}. Compare below.`;
    const chosen = card.querySelector("[data-chosen]");
    if (!chosen) return words(card).shown;
    return "right" in chosen.dataset ? "You had it." : "Not this one. The right one is marked.";
  };

  // Show a card as it is after the reader committed to `value`.
  const close = (card, value) => {
    card.dataset.done = "";
    for (const choice of choices(card)) {
      const input = choice.querySelector("input");
      if (input.type === "radio") {
        input.checked = input.value === value;
        choice.toggleAttribute("data-chosen", input.checked);
        if (input.checked)
          choice.firstChild.insertAdjacentHTML(
            "beforeend",
            `<b class="predict-mark">${"right" in choice.dataset ? "" : "✗ "}Your choice</b>`,
          );
      } else {
        input.value = value === SHOWN ? "" : value;
        choice.toggleAttribute("data-chosen", true);
      }
      input.disabled = true;
    }
    const said = document.createElement("p");
    said.className = "predict-verdict";
    card.actions.replaceChildren(
      said,
      button(words(card).again, () => {
        remember((kept) => delete kept[card.id]);
        ask(card);
        (card.querySelector("input") ?? card.querySelector("button")).focus();
      }),
      button("Forget all my answers", () => {
        remember((kept) => Object.keys(kept).forEach((id) => delete kept[id]));
        document.querySelectorAll(".predict").forEach(ask);
        card.querySelector("input, button").focus();
      }),
    );
    said.textContent = verdict(card, value); // after it is on the page, so that it is announced
    uncover(card, true);
  };

  const commit = (card, value) => {
    close(card, value);
    remember((kept) => (kept[card.id] = value));
    card.actions.querySelector("button").focus({ preventScroll: true });
  };

  // Show a card as it is before the reader committed.
  const ask = (card) => {
    delete card.dataset.done;
    for (const choice of choices(card)) {
      const input = choice.querySelector("input");
      if (choice.matches("[data-chosen]"))
        choice.querySelector(".predict-mark:last-child")?.remove();
      choice.removeAttribute("data-chosen");
      input.disabled = input.checked = false;
      if (input.type === "text") input.value = "";
    }
    uncover(card, false);
    const show = () => commit(card, SHOWN);
    if (card.dataset.kind === "own")
      return card.actions.replaceChildren(button("I have one. Show me", show, false));
    const look = button(words(card).commit, () => {}, false);
    look.type = "submit";
    look.disabled = true;
    card.actions.replaceChildren(look, button(words(card).show, show));
  };

  const start = (card, kept) => {
    card.actions = document.createElement("div");
    card.actions.className = "predict-actions";
    card.actions.setAttribute("aria-live", "polite");
    card.append(card.actions);
    card.addEventListener("input", () => {
      card.querySelector("[type=submit]").disabled = !picked(card);
    });
    card.addEventListener("submit", (event) => {
      event.preventDefault();
      if (picked(card)) commit(card, picked(card));
    });
    if (typeof kept === "string") close(card, kept);
    else ask(card);
  };

  // A link may point into what is covered: uncover it, and let the question stand.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const inside =
      target?.closest(".predict-answer") ?? target?.nextElementSibling?.closest(".predict-answer");
    if (!inside || inside.classList.contains("predict-open")) return;
    for (const card of document.querySelectorAll(".predict"))
      if (answers(card).includes(inside)) uncover(card, true);
    target.scrollIntoView();
  };

  document.addEventListener("DOMContentLoaded", () => {
    const kept = recall();
    for (const card of document.querySelectorAll(".predict")) start(card, kept[card.id]);
    window.addEventListener("hashchange", reveal);
    reveal();
  });
})();
