// How many rows there are, and how many of them are like what is asked for.

import { h, replace } from "../../kit/elements.js";
import { number, t } from "../../kit/words.js";
import { get } from "../../client/api.js";

/**
 * The line, `{ element, count(job, order, filters, any) }`. `count` asks the API where filters are set (`any`), and resolves
 * once it is said. It is no live region: while a job runs, the number grows all the time.
 */
export function countedRows(signal) {
  const element = h("p", { class: "rows-counted", tabindex: "-1" });
  let asked = 0;
  const count = async (job, order, filters, any) => {
    asked += 1;
    const mine = asked;
    const bySureness = order.endsWith("_sure");
    const { total, succeeded } = job.counts;
    const found = any ? await asApi(job, filters, signal) : { count: bySureness ? succeeded : total, at_least: false };
    if (mine !== asked) return;
    const fewer = bySureness && succeeded < total;
    replace(element, found === null ? null : sentence(found, total), fewer ? h("span", { class: "fine" }, " ", t("catalogue.sure_only")) : null);
  };
  return { element, count };
}

/** What the API counts; null when it does not answer: the rows themselves say what is wrong then. */
function asApi(job, filters, signal) {
  return get("/api/predictions/count", { query: { job: job.id, ...filters }, signal }).catch(() => null);
}

function sentence({ count, at_least: more }, total) {
  if (count === total) return t("catalogue.count_all", number(total), total);
  return t(more ? "catalogue.count_many" : "catalogue.count", number(count), number(total), total);
}
