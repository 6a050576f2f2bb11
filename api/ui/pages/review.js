// The review: uncertain predictions, the least sure first, which a person accepts or corrects with one key each.

import { h } from "../kit/elements.js";
import { pause, repeatedly } from "../kit/polling.js";
import { link, rememberQuery } from "../kit/routes.js";
import { t } from "../kit/words.js";
import { categories, categoryName } from "../client/taxonomy.js";
import { Problem } from "../client/problem.js";
import { pageHead } from "../parts/page_head.js";
import { ReviewDesk } from "./review/desk.js";
import { keysSwitch, listen, showKeys } from "./review/keys.js";
import { progress } from "./review/progress.js";
import { troubles } from "./review/troubles.js";
import { isGone, standing, whenChanged } from "./review/verdicts.js";

export const style = "review";
const REFRESH_SECONDS = 20;

export async function show({ query, signal }) {
  const known = await categories();
  let filters = { job: query.get("job"), code: query.get("code") };
  const figures = progress(() => filters, signal);
  const desk = new ReviewDesk({ known, signal, onVerdict: figures.step });
  const narrow = (code) => {
    filters = { ...filters, code };
    rememberQuery(filters);
    figures.look();
    return desk.begin(filters);
  };
  const boxes = troubles({ lookAgain: (item) => desk.lookAgain(item), focus: () => desk.focus(), signal });
  const page = h("div", { class: "review stack" }, filters.job ? oneJob() : null, figures.element, boxes, desk.element);
  page.append(h("div", { class: "review-foot" },
    keysSwitch((on) => page.classList.toggle("without-keys", !on)),
    h("button", { class: "button quiet small", type: "button", onclick: showKeys }, t("review.keys_show"), h("kbd", { class: "key" }, "?"))));
  listen({ ...desk.steps, help: showKeys }, signal);
  keepUp(desk, figures, signal);
  await desk.begin(filters);
  const head = pageHead(t("review.title"), t("review.lead"), [categoryFilter(known, filters.code, narrow)]);
  head.classList.add("review-head");
  return [head, page];
}

// What others do meanwhile: products that no longer wait are not shown, or it is said that they do not.
function keepUp(desk, figures, signal) {
  const look = () => desk.refresh().catch((problem) => {
    if (!(problem instanceof Problem) && problem.name !== "AbortError") throw problem; // the next verdict says what is wrong
  });
  pause(REFRESH_SECONDS, signal).then(() => repeatedly(look, REFRESH_SECONDS, signal));
  let gone = 0;
  whenChanged(() => {
    figures.step();
    const before = gone;
    gone = standing().failed.filter(({ problem }) => isGone(problem)).length;
    if (gone > before) look(); // a job that was deleted had other products, too
  }, signal);
}

function categoryFilter(known, chosen, choose) {
  const named = known.map((category) => [String(category.code), categoryName(category)]).sort(([, one], [, other]) => one.localeCompare(other));
  return h("label", { class: "review-filter" },
    h("span", { class: "unseen" }, t("review.filter")),
    h("select", { class: "control small", name: "code", onchange: (event) => choose(event.target.value || null) },
      [["", t("review.any_category")], ...named].map(([code, name]) => h("option", { value: code, selected: code === (chosen ?? "") }, name))));
}

function oneJob() {
  return h("p", { class: "fine" }, t("review.one_job"), " ", h("a", { href: link("review") }, t("review.all_products")));
}
