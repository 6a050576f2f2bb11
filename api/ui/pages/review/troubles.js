// Verdicts that are not stored: what happened, and what can be done.

import { h, replace } from "../../kit/elements.js";
import { t } from "../../kit/words.js";
import { sentences } from "../../parts/problem.js";
import { nameOfCode } from "../../client/taxonomy.js";
import { isGone, putAway, standing, tryAgain, whenChanged } from "./verdicts.js";
import { titleOf } from "./product.js";

const MOST_SHOWN = 3;

/**
 * The boxes about verdicts, which come and go. `lookAgain(item)` shows a product once more, and `focus()` takes the focus
 * of a box that goes.
 */
export function troubles({ lookAgain, focus, signal }) {
  const held = h("div", {});
  const lost = h("div", { class: "stack" });
  const boxes = new Map(); // by verdict, so that none is read out twice
  let told = null; // the trouble that the box above speaks of
  const show = () => {
    const { waiting, trouble, failed } = standing();
    if (trouble?.code !== told?.code) {
      const hadFocus = held.contains(document.activeElement);
      replace(held, trouble && heldBox(trouble));
      if (hadFocus) focus();
    }
    told = trouble;
    replace(held.querySelector(".review-unsaved") ?? h("span"), t("review.unsaved", waiting));
    for (const [verdict, box] of boxes) if (!failed.includes(verdict)) drop(verdict, box);
    for (const verdict of failed.slice(0, MOST_SHOWN)) if (!boxes.has(verdict)) add(verdict);
  };
  const add = (verdict) => {
    const box = lostBox(verdict, nameOfCode(verdict.code), { lookAgain, focus });
    boxes.set(verdict, box);
    lost.append(box);
  };
  const drop = (verdict, box) => {
    boxes.delete(verdict);
    box.remove();
  };
  whenChanged(show, signal);
  show();
  return h("div", { class: "review-troubles stack" }, held, lost);
}

function heldBox(trouble) {
  const { what } = sentences(trouble);
  return h("div", { class: "alert warn", role: "alert" },
    h("p", { class: "alert-what" }, h("span", { class: "review-unsaved" })),
    h("p", {}, what, " ", t("review.tried_again")),
    h("button", { class: "button small", type: "button", onclick: tryAgain }, t("core.try_again")));
}

function lostBox(verdict, category, { lookAgain, focus }) {
  const { item, problem } = verdict;
  const { what, todo } = isGone(problem) ? { what: t("review.gone"), todo: t("review.gone_todo") } : sentences(problem);
  const close = () => {
    putAway(verdict);
    focus();
  };
  const again = () => {
    putAway(verdict);
    lookAgain(item);
  };
  return h("div", { class: "alert bad", role: "alert" },
    h("p", { class: "alert-what" }, t("review.not_stored", titleOf(item), category)),
    h("p", {}, what, " ", todo),
    h("div", { class: "actions" },
      isGone(problem) ? null : h("button", { class: "button small", type: "button", onclick: again }, t("review.look_again")),
      h("button", { class: "button small", type: "button", onclick: close }, t("core.close"))));
}
