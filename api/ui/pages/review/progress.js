// How far the review is: what waits, what was judged in this sitting, and how often people and predictions agree.

import { h, replace } from "../../kit/elements.js";
import { repeatedly } from "../../kit/polling.js";
import { number, percent, t } from "../../kit/words.js";
import { get } from "../../client/api.js";
import { Problem } from "../../client/problem.js";
import { tally } from "./sitting.js";
import { standing } from "./verdicts.js";

const SECONDS = 20;

/**
 * The figures of what waits with `filters()`, `{ element, step(), look() }`. They are looked up now and then; `step` is
 * called after each verdict, `look` when the filters have changed.
 */
export function progress(filters, signal) {
  let counted = null; // { count, at_least } and how many had been judged and stored then
  let agreement = null;
  const figures = Object.fromEntries(["waiting", "judged", "accepted", "agreement"].map((name) => [name, h("dd", {})]));
  const element = h("dl", { class: "review-progress" }, Object.entries(figures).map(([name, figure]) =>
    h("div", {}, h("dt", {}, t(`review.${name}`)), figure)));
  const step = () => {
    const { judged, accepted } = tally();
    replace(figures.waiting, counted === null ? "–" : left(counted, judged));
    replace(figures.judged, number(judged));
    replace(figures.accepted, judged ? percent(accepted / judged) : "–");
    replace(figures.agreement, agreement === null ? "–" : percent(agreement));
  };
  const lookUp = async () => {
    const asked = filters();
    const judged = tally().judged - standing().waiting;
    const found = await get("/api/predictions/count", { query: { needs_review: true, ...asked }, signal });
    if (asked !== filters()) return;
    counted = { ...found, judged };
    step();
    agreement = (await get("/api/monitor", { signal })).accuracy.all.share;
    step();
  };
  const look = () => lookUp().catch(asBefore);
  step();
  repeatedly(look, SECONDS, signal);
  return { element, step, look };
}

function left({ count, at_least: atLeast, judged }, judgedNow) {
  return atLeast ? t("review.more_than", number(count)) : number(Math.max(0, count - (judgedNow - judged)));
}

// The figures stay as they were until the service answers again: what matters more says so itself.
function asBefore(problem) {
  if (!(problem instanceof Problem) && problem.name !== "AbortError") throw problem;
}
