// One key for each step of a review. They can be switched off (WCAG 2.1.4), and this browser remembers it.

import { h } from "../../kit/elements.js";
import { ask } from "../../kit/dialog.js";
import { remember, remembered } from "../../kit/memory.js";
import { t } from "../../kit/words.js";

const SWITCH = "review_keys";
const LETTERS = { a: "accept", s: "skip", c: "search", u: "back" };
const OTHERS = { "Enter": "accept", "ArrowRight": "skip", "/": "search", "?": "help" };
const TYPED_INTO = "input:not([type=checkbox]), textarea, select, [contenteditable]";
const PRESSED = "a, button, summary, input";
let on = remembered(SWITCH) !== "off";

/** A switch for the keys; `changed` is called with whether they are on, now and later. */
export function keysSwitch(changed) {
  const control = h("input", { type: "checkbox", checked: on });
  control.addEventListener("change", () => {
    on = control.checked;
    remember(SWITCH, on ? null : "off");
    changed(on);
  });
  changed(on);
  return h("label", { class: "choice" }, control, t("review.keys_on"));
}

/** Call `steps[name](number)` for keys until the signal comes; the number is that of a choice. */
export function listen(steps, signal) {
  document.addEventListener("keydown", (event) => {
    if (!on || isElsewhere(event)) return;
    const [name, number] = stepOf(event);
    if (name === null) return;
    event.preventDefault();
    steps[name](number);
  }, { signal });
}

/** Say which keys there are. */
export function showKeys() {
  const row = (keys, text) => h("tr", {}, h("td", {}, keys.map((name) => h("kbd", { class: "key" }, name))), h("td", {}, text));
  const table = h("table", { class: "review-keys" },
    h("caption", { class: "unseen" }, t("review.keys_title")),
    h("thead", { class: "unseen" }, h("tr", {}, h("th", { scope: "col" }, t("review.key")), h("th", { scope: "col" }, t("review.key_does")))),
    h("tbody", {},
      row(["1", "A", t("review.key_enter")], t("review.key_accept")),
      row(["2", "3", "4", "5"], t("review.key_choice")),
      row(["C", "/"], t("review.key_search")),
      row(["S", "→"], t("review.key_skip")),
      row(["U"], t("review.key_back")),
      row(["?"], t("review.key_help"))));
  return ask({
    title: t("review.keys_title"),
    content: [table, h("p", { class: "fine" }, t(on ? "review.keys_when" : "review.keys_are_off"))],
    actions: [{ value: "", label: t("core.close"), kind: "primary" }],
  });
}

// Keys that belong to somebody else: to a field, a dialog, the browser, or to one that is held down.
function isElsewhere(event) {
  return event.defaultPrevented || event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey
    || event.target.closest?.(TYPED_INTO) || document.querySelector("dialog[open]") !== null;
}

function stepOf(event) {
  const { key, code, shiftKey, target } = event;
  if (key === "Enter" && target.closest?.(PRESSED)) return [null]; // it presses that
  if (key in OTHERS) return [OTHERS[key]];
  // By the key's place: the digits of a French keyboard are typed with the shift key.
  const digit = /^(?:Digit|Numpad)([1-5])$/.exec(code);
  if (digit) return ["choose", Number(digit[1])];
  return [shiftKey ? null : LETTERS[key.toLowerCase()] ?? null];
}
