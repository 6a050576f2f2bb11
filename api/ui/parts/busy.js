// What is under way: a button that waits, a place that is being filled.

import { h } from "../kit/elements.js";
import { t } from "../kit/words.js";

/** Run a task while its button says so and takes no second press. The focus stays on the button. */
export async function whileBusy(button, task) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  button.setAttribute("aria-busy", "true");
  button.setAttribute("aria-disabled", "true");
  try {
    return await task();
  } finally {
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
  }
}

/** What stands where something is being fetched. */
export function loading() {
  return h("p", { class: "loading" }, h("span", { class: "spinner", "aria-hidden": "true" }), t("core.loading"));
}

/** What stands where there is nothing: a sentence, and what to do about it. */
export function nothing(text, action = null) {
  return h("div", { class: "nothing" }, h("p", {}, text), action);
}
