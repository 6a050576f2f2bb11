// When no product waits any more: what was done, and what there is to do now.

import { h } from "../../kit/elements.js";
import { number, t } from "../../kit/words.js";
import { link } from "../../kit/routes.js";
import { skippedOf, tally } from "./sitting.js";

/** What stands in place of a product. `again()` looks once more, `back` goes to the last product, or is null. */
export function atTheEnd(filters, { again, back }) {
  const skipped = skippedOf(filters);
  const { judged } = tally();
  const button = (text, step, kind = "") => h("button", { class: `button ${kind}`, type: "button", onclick: step }, text);
  return h("div", { class: "card nothing review-end" },
    h("h2", { tabindex: "-1" }, t(skipped ? "review.end_skipped" : judged ? "review.end" : "review.end_empty", number(judged))),
    h("p", {}, skipped ? t("review.skipped_text", skipped) : t(isNarrow(filters) ? "review.end_filtered" : "review.end_text")),
    h("div", { class: "actions" },
      button(skipped ? t("review.skipped_again", skipped) : t("review.look_for_new"), again, "primary"),
      back ? button(t("review.back"), back) : null,
      isNarrow(filters) ? h("a", { class: "button", href: link("review") }, t("review.all_products")) : null,
      h("a", { class: "button", href: link("catalogues") }, t("review.to_catalogues"))));
}

function isNarrow({ job, code }) {
  return job !== null || code !== null;
}
