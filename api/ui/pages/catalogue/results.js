// What came of a catalogue's rows: sorted, filtered, a page at a time, and all of them as a file.

import { h, replace } from "../../kit/elements.js";
import { announce } from "../../kit/announce.js";
import { number, t } from "../../kit/words.js";
import { get } from "../../client/api.js";
import { nothing } from "../../parts/busy.js";
import { pages } from "../../parts/pages.js";
import { downloads } from "./downloads.js";
import { filters } from "./filters.js";
import { done, ended } from "./job.js";
import { keepInAddress } from "./query.js";
import { resultsTable } from "./results_table.js";

const ROWS = 50;
const ORDERS = ["oldest", "newest", "least_sure", "most_sure"];

/** The tab's part, `{ name, label, element, open(), update(job), showChanges() }`. */
export async function resultsSection(first, query, signal) {
  let job = first;
  let drawnAt = null; // the job that the rows on the screen are of
  let order = ORDERS.includes(query.get("order")) ? query.get("order") : ORDERS[0];
  const counted = h("p", { class: "rows-counted", role: "status", tabindex: "-1" });
  const more = h("button", { class: "button small", type: "button", hidden: true, onclick: () => refreshByHand() });
  const compared = job.rerun_of !== null && job.changes !== null;
  const chosen = await filters({ compared, query, signal, apply: () => open() });

  const list = pages({
    fetchPage: async (cursor) => {
      const asked = job;
      const page = await get("/api/predictions", { query: { job: job.id, limit: ROWS, order, ...chosen.values(), cursor }, signal });
      drawnAt = asked;
      offerMore();
      return page;
    },
    draw: (rows) => resultsTable(rows, { order, sort, job }),
    empty: () => (chosen.any() ? nothing(t("catalogue.no_match"), resetButton()) : nothing(t(ended(job) ? "catalogue.no_rows" : "catalogue.no_rows_yet"))),
    range: (from, to) => t("catalogue.range", number(from), number(to)),
    signal,
  });
  const resetButton = () => h("button", { class: "button", type: "button", onclick: chosen.clear }, t("catalogue.all_rows"));

  const open = () => Promise.all([list.open(), count()]);
  const sort = async (wanted) => {
    order = wanted;
    keepInAddress({ order: order === ORDERS[0] ? null : order }, signal);
    await open();
    list.element.querySelector(`th[aria-sort] [data-orders~="${order}"]`)?.focus(); // the table is another one now
    announce(t(`catalogue.sorted_${order}`));
  };
  const refreshByHand = async () => {
    counted.focus({ preventScroll: true }); // the button goes
    await Promise.all([list.again(), count()]);
  };

  let counting = 0;
  async function count() {
    counting += 1;
    const mine = counting;
    const all = order.endsWith("_sure") && !chosen.any() ? job.counts.succeeded : job.counts.total;
    const found = chosen.any() ? await get("/api/predictions/count", { query: { job: job.id, ...chosen.values() }, signal }).catch(() => null) : { count: all, at_least: false };
    if (mine !== counting) return;
    const incomplete = order.endsWith("_sure") && done(job) > job.counts.succeeded;
    replace(counted, found === null ? null : rowsCounted(found, job.counts.total), incomplete ? h("span", { class: "fine" }, " ", t("catalogue.sure_only")) : null);
  }

  /** Rows have been answered since: say so, and leave the table as it is. */
  function offerMore() {
    if (drawnAt === null) return;
    const come = done(job) - done(drawnAt);
    more.hidden = come <= 0 && ended(job) === ended(drawnAt);
    replace(more, come > 0 ? t("catalogue.more_rows", number(come), come) : t("catalogue.refresh"));
  }

  const update = (latest) => {
    const over = ended(latest) && !ended(job);
    job = latest;
    offerMore();
    const read = list.element.contains(document.activeElement) || document.querySelector("dialog") !== null;
    const begins = list.size() === 0 && drawnAt !== null && job.counts.total > drawnAt.counts.total && !chosen.any();
    if (begins || (over && !read)) list.again();
    if (!chosen.any() || over) count();
  };

  const element = h("div", { class: "stack" },
    chosen.element,
    h("div", { class: "rows-bar" }, h("div", { class: "rows-said" }, counted, more), downloads({ job, part: "results", signal })),
    list.element);
  const showChanges = () => {
    chosen.set({ changed: "true" });
    counted.focus();
  };
  return { name: "results", label: t("catalogue.results"), element, open, update, showChanges };
}

function rowsCounted({ count, at_least: more }, total) {
  if (count === total) return t("catalogue.count_all", number(total), total);
  return t(more ? "catalogue.count_many" : "catalogue.count", number(count), number(total), total);
}
