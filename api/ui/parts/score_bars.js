// The likeliest categories and how likely each is: bars of equal scale, with the numbers beside them.

import { h } from "../kit/elements.js";
import { percent } from "../kit/words.js";
import { categoryName } from "../client/taxonomy.js";

/** A list of bars for `[{ code, name, score }]`. `tone` is `fused`, `text` or `photo-model`: whose opinion it is. */
export function scoreBars(top, tone) {
  return h("ol", { class: `bars ${tone}` }, top.map((score) => h("li", {},
    h("span", { class: "bar-name" }, categoryName(score)),
    h("span", { class: "bar-share" }, percent(score.score, 1)),
    bar(score.score))));
}

/** A bar for a share of 0 to 1. It says nothing that the number beside it does not. */
export function bar(share) {
  const filled = h("span", { class: "bar-filled" });
  filled.style.inlineSize = `${Math.max(share * 100, 0.5)}%`;
  return h("span", { class: "bar", "aria-hidden": "true" }, filled);
}
