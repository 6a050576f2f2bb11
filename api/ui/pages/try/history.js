// One's own earlier tries, newest first; each opens again.

import { h, replace } from "../../kit/elements.js";
import { ago, dateTime, percent, t } from "../../kit/words.js";
import { get } from "../../client/api.js";
import { categoryName } from "../../client/taxonomy.js";
import { nothing } from "../../parts/busy.js";
import { photo } from "../../parts/photo.js";
import { problemBox } from "../../parts/problem.js";

const SHOWN = 12; // tries a page

/** `{ element, refresh() }`; `open(jobId)` is called for the one that somebody chooses. */
export function history(open, signal) {
  const list = h("div", {});
  const more = h("button", { class: "button", type: "button", hidden: true, onclick: next }, t("core.more"));
  let cursor = null;
  let tries = null;

  async function refresh() {
    cursor = null;
    tries = h("ul", { class: "tries" });
    try {
      const found = await page();
      replace(list, found ? tries : nothing(t("try.no_tries")));
    } catch (problem) {
      if (!signal.aborted) replace(list, problemBox(problem, refresh));
    }
  }

  async function next() {
    const last = tries.lastElementChild;
    try {
      await page();
      last.nextElementSibling?.querySelector("button").focus();
    } catch (problem) {
      if (!signal.aborted) list.append(problemBox(problem));
    }
  }

  async function page() {
    const { items, next_cursor: following } = await get("/api/jobs", { query: { kind: "product", limit: SHOWN, cursor }, signal });
    cursor = following;
    more.hidden = cursor === null;
    tries.append(...items.map((job) => entry(job, open)));
    return items.length;
  }

  const element = h("section", { class: "stack history", "aria-labelledby": "tries-title" },
    h("h2", { id: "tries-title" }, t("try.tries")), list, h("div", {}, more));
  return { element, refresh };
}

function entry(job, open) {
  const { prediction } = job;
  const title = prediction.designation ?? prediction.product_id ?? t("try.untitled");
  const said = prediction.category === null
    ? t(`core.status_${prediction.error ? "failed" : job.status}`)
    : `${categoryName(prediction.category)} · ${percent(prediction.confidence, 1)}`;
  return h("li", {}, h("button", { type: "button", class: "try-entry", onclick: () => open(job.id) },
    photo(prediction.photo, { size: 96 }),
    h("span", { class: "try-words" },
      h("span", { class: "try-title" }, title),
      h("span", {}, said),
      h("time", { class: "fine", datetime: job.created_at, title: dateTime(job.created_at) }, ago(job.created_at)))));
}
