// The rows that have an error: what is wrong with each, what to do, and all of them as a file that can be mended.

import { h, replace } from "../../kit/elements.js";
import { number, t } from "../../kit/words.js";
import { link } from "../../kit/routes.js";
import { get } from "../../client/api.js";
import { nothing } from "../../parts/busy.js";
import { faultSentences } from "../../parts/fault.js";
import { pages } from "../../parts/pages.js";
import { downloads } from "./downloads.js";
import { ended } from "./job.js";

const ROWS = 50;
const COLUMNS = ["row", "product_id", "column", "what", "todo"];

/** The tab's part, `{ name, label, element, open(), update(job) }`. */
export function errorsSection(first, signal) {
  let job = first;
  let listed = 0; // how many there were when the page was fetched
  const label = h("span", {});
  const bar = h("div", { class: "rows-bar" },
    h("div", { class: "stack" }, h("p", {}, t("catalogue.mend"), " ", h("a", { href: link("catalogues") }, t("catalogue.send_again"))), photosHint(job)),
    downloads({ job, part: "errors", signal }));
  const more = h("button", { class: "button small", type: "button", hidden: true, onclick: () => refresh() });
  const list = pages({
    fetchPage: async (cursor) => {
      const there = job.counts.failed;
      const page = await get(`/api/jobs/${job.id}/errors`, { query: { limit: ROWS, cursor }, signal });
      listed = there;
      offerMore();
      return page;
    },
    draw: errorsTable,
    empty: () => nothing(t(ended(job) ? "catalogue.no_errors" : "catalogue.no_errors_yet")),
    range: (from, to) => t("catalogue.range", number(from), number(to)),
    signal,
  });
  const element = h("div", { class: "stack" }, bar, more, list.element);

  function offerMore() {
    const come = job.counts.failed - listed;
    more.hidden = come <= 0 || element.parentElement?.hidden === true;
    replace(more, t("catalogue.more_errors", number(come), come));
  }
  const refresh = async () => {
    await list.again();
    list.element.querySelector(".table-wrap")?.focus(); // the button has gone
  };
  const update = (latest) => {
    job = latest;
    replace(label, t("catalogue.errors"), " ", job.counts.failed ? h("span", { class: "badge bad" }, number(job.counts.failed)) : null);
    bar.hidden = job.counts.failed === 0;
    offerMore();
  };
  return { name: "errors", label, element, open: list.open, update };
}

// A file of errors has no photos in it, so rows of a ZIP lose theirs that way.
function photosHint(job) {
  return job.source?.format === "zip" ? h("p", { class: "fine" }, t("catalogue.mend_zip")) : null;
}

function errorsTable(errors) {
  const head = COLUMNS.map((name) => h("th", { scope: "col", role: "columnheader", class: `cell-${name}` }, t(`catalogue.${name}`)));
  return h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": t("catalogue.errors") },
    h("table", { class: "row-errors", role: "table" },
      h("caption", { class: "unseen" }, t("catalogue.errors")),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
      h("tbody", { role: "rowgroup" }, errors.map(errorRow))));
}

/** A row; on a narrow page its cells stand below each other, and say themselves which they are. */
function errorRow(error) {
  const { what, todo } = faultSentences(error);
  const cells = { row: number(error.row + 1), product_id: error.product_id, column: error.column, what, todo };
  return h("tr", { role: "row" }, COLUMNS.map((name) => {
    const [tag, attributes] = name === "row" ? ["th", { role: "rowheader", scope: "row" }] : ["td", { role: "cell" }];
    return h(tag, { ...attributes, class: `cell-${name}`, "data-label": t(`catalogue.${name}`) }, cells[name]);
  }));
}
