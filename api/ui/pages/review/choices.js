// What can be said about a product: its likeliest categories, another one, or nothing for now.

import { h, newId } from "../../kit/elements.js";
import { percent, t } from "../../kit/words.js";
import { categoryName } from "../../client/taxonomy.js";
import { bar } from "../../parts/score_bars.js";
import { categoryPicker } from "../../parts/category_picker.js";

/**
 * The choices for a product. `given` is the verdict that it has already. `steps` has `judge(code)`, `skip()`, `back()`
 * (null where there is nothing to go back to) and `search()`.
 */
export function choices(item, given, steps) {
  const name = newId("choices");
  return h("div", { class: "review-choices", role: "group", "aria-labelledby": name, onkeydown: onlyOnce },
    h("p", { class: "review-question", id: name }, t("review.question")),
    item.top.map((score, index) => choice(score, index + 1, given, () => steps.judge(score.code))),
    stepButton("C", t("review.other"), steps.search, "wide"),
    h("div", { class: "review-steps" },
      stepButton("S", t(given === null ? "review.skip" : "review.leave"), steps.skip),
      stepButton("U", t("review.back"), steps.back)));
}

/** The search through all categories, in place of the choices. */
export function search(known, { judge, cancel }) {
  const picker = categoryPicker({ label: t("review.search"), known, onChoose: ({ code }) => judge(code), onCancel: cancel });
  const element = h("div", { class: "review-choices review-search" },
    picker.element,
    h("button", { class: "button quiet", type: "button", onclick: cancel }, t("core.cancel"), h("kbd", { class: "key" }, t("review.key_escape"))));
  const open = () => {
    picker.control.focus({ preventScroll: true });
    picker.open();
    // A keyboard on the screen takes its lower half: the field goes to the top, and the list is between them.
    element.scrollIntoView({ block: matchMedia("(hover: none)").matches ? "start" : "nearest" });
  };
  return { element, open };
}

function choice(score, number, given, choose) {
  // The second press of a double click would be on the next product.
  const press = (event) => (event.detail > 1 ? null : choose());
  return h("button", { class: number === 1 ? "choice-button first" : "choice-button", type: "button", onclick: press },
    h("kbd", { class: "key" }, number),
    h("span", { class: "choice-name" }, categoryName(score), score.code === given ? h("span", { class: "badge accent" }, t("review.given")) : null),
    h("span", { class: "choice-share" }, percent(score.score, 1)),
    bar(score.score));
}

function stepButton(key, text, step, kind = "") {
  return h("button", { class: `button ${kind}`, type: "button", disabled: step === null, onclick: step }, text, h("kbd", { class: "key" }, key));
}

// Who keeps Enter down on a choice means one product, not all that follow.
function onlyOnce(event) {
  if (event.repeat && (event.key === "Enter" || event.key === " ")) event.preventDefault();
}
