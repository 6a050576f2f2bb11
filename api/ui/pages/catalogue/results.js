// What came of a catalogue's rows: sorted, filtered, a page at a time, and all of them as a file.

import { h, replace } from "../../kit/elements.js";
import { announce } from "../../kit/announce.js";
import { number, t } from "../../kit/words.js";
import { get } from "../../client/api.js";
import { nothing } from "../../parts/busy.js";
import { pages } from "../../parts/pages.js";
import { countedRows } from "./counted.js";
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
  let order = ORDERS.includes(query.get("order")) ? query.get("order") : ORDERS[0];
  const compared = job.rerun_of !== null && job.changes !== null;
  const chosen = await filters({ compared, query, signal, apply: async () => announce(await open()) });
  const counted = countedRows(signal);
  const later = laterRows(() => refresh());
  const list = pages({
    fetchPage: async (cursor) => {
      const asked = job;
      const page = await get("/api/predictions", { query: { job: job.id, limit: ROWS, order, ...chosen.values(), cursor }, signal });
      later.drawn(asked, job);
      return page;
    },
    draw: (rows) => resultsTable(rows, { order, sort }),
    empty: () => nothing(t(`catalogue.${chosen.any() ? "no_match" : ended(job) ? "no_rows" : "no_rows_yet"}`)),
    range: (from, to) => t("catalogue.range", number(from), number(to)),
    signal,
  });
  const count = () => counted.count(job, order, chosen.values(), chosen.any());

  /** The first page; resolves to what is said of how many rows there are. */
  const open = async () => {
    await Promise.all([list.open(), count()]);
    return counted.element.textContent;
  };
  const sort = async (wanted) => {
    order = wanted;
    keepInAddress({ order: order === ORDERS[0] ? null : order }, signal);
    await open();
    list.element.querySelector(`[data-orders~="${order}"]`)?.focus(); // the table is another one now
    announce(t(`catalogue.sorted_${order}`));
  };
  const refresh = () => {
    counted.element.focus({ preventScroll: true }); // the button goes
    return Promise.all([list.again(), count()]);
  };
  const update = (latest) => {
    const over = ended(latest) && !ended(job);
    job = latest;
    later.offer(job);
    const read = list.element.contains(document.activeElement) || document.querySelector("dialog") !== null;
    const begins = list.size() === 0 && later.begin(job) && !chosen.any();
    if (begins || (over && !read)) list.again();
    if (over || !chosen.any()) count();
  };
  const showChanges = () => {
    chosen.set({ changed: "true" });
    counted.element.focus();
  };
  const said = h("div", { class: "rows-said" }, counted.element, later.element);
  const bar = h("div", { class: "rows-bar" }, said, downloads({ job, part: "results", signal }));
  return { name: "results", label: t("catalogue.results"), element: h("div", { class: "stack" }, chosen.element, bar, list.element), open, update, showChanges };
}

/** A button for rows that have been answered since the table was fetched, so that it does not move by itself. */
function laterRows(refresh) {
  const element = h("button", { class: "button small", type: "button", hidden: true, onclick: refresh });
  let seen = null; // the job as it was when the rows were fetched
  const offer = (job) => {
    if (seen === null) return;
    const come = done(job) - done(seen);
    element.hidden = come <= 0 && ended(job) === ended(seen);
    replace(element, come > 0 ? t("catalogue.more_rows", number(come), come) : t("catalogue.refresh"));
  };
  const drawn = (asked, job) => {
    seen = asked;
    offer(job);
  };
  return { element, offer, drawn, begin: (job) => seen !== null && job.counts.total > seen.counts.total };
}
