// Rows of a catalogue with what was predicted for them. On a narrow page each row is a card of its own; a table that is
// laid out so has no roles by itself, so they are said.

import { h } from "../../kit/elements.js";
import { number, percent, t } from "../../kit/words.js";
import { categoryName } from "../../client/taxonomy.js";
import { faultSentences } from "../../parts/fault.js";
import { statusBadge } from "../../parts/job_status.js";
import { photo } from "../../parts/photo.js";
import { bar } from "../../parts/score_bars.js";
import { showProduct } from "./product.js";

const THUMBNAIL = 96;

/** The table of some rows; `sort` gets the order that a column's head asks for. */
export function resultsTable(rows, { order, sort }) {
  const head = h("tr", { role: "row" },
    sortable("row", ["oldest", "newest"], { order, sort }),
    h("th", { scope: "col", role: "columnheader", class: "head-photo" }, t("catalogue.photo")),
    h("th", { scope: "col", role: "columnheader", class: "head-product" }, t("catalogue.product")),
    h("th", { scope: "col", role: "columnheader", class: "head-category" }, t("catalogue.category")),
    sortable("confidence", ["least_sure", "most_sure"], { order, sort }),
    h("th", { scope: "col", role: "columnheader", class: "head-state" }, t("catalogue.row_state")));
  return h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": t("catalogue.results") },
    h("table", { class: "results", role: "table" },
      h("caption", { class: "unseen" }, t("catalogue.results_caption", t(`catalogue.sorted_${order}`))),
      h("thead", { role: "rowgroup" }, head),
      h("tbody", { role: "rowgroup" }, rows.map(resultRow))));
}

/** A column's head that sorts: pressed again, it turns the order round. */
function sortable(name, [up, down], { order, sort }) {
  const sorted = order === up ? "ascending" : order === down ? "descending" : "none";
  const button = h("button", { class: "sort", type: "button", "data-orders": `${up} ${down}`, onclick: () => sort(order === up ? down : up) },
    t(`catalogue.${name}`), h("span", { class: `arrow ${sorted}`, "aria-hidden": "true" }));
  return h("th", { scope: "col", role: "columnheader", class: `head-${name}`, "aria-sort": sorted }, button);
}

function resultRow(row) {
  const title = row.designation ?? t("catalogue.untitled");
  return h("tr", { role: "row" },
    h("td", { role: "cell", class: "cell-row number" }, number(row.row + 1)),
    h("td", { role: "cell", class: "cell-photo" }, photo(row.photo, { size: THUMBNAIL })),
    h("th", { scope: "row", role: "rowheader", class: "cell-product" },
      h("button", { class: "title", type: "button", "aria-haspopup": "dialog", onclick: () => showProduct(row) }, title),
      row.product_id === null ? null : h("span", { class: "fine" }, row.product_id)),
    h("td", { role: "cell", class: "cell-category" }, row.error === null ? category(row) : fault(row.error)),
    h("td", { role: "cell", class: "cell-confidence" }, row.confidence === null ? null : [h("span", { class: "number" }, percent(row.confidence, 1)), bar(row.confidence)]),
    h("td", { role: "cell", class: "cell-state" }, state(row)));
}

function category(row) {
  if (row.category === null) return null;
  const { previous } = row;
  const otherwise = previous !== null && previous.code !== row.category.code;
  return [
    h("span", { class: "category" }, categoryName(row.category)),
    otherwise ? h("span", { class: "earlier" }, t("catalogue.was", categoryName(previous), percent(previous.confidence))) : null,
    alone("text", row),
    alone("image", row),
  ];
}

/** What one model alone would have said, where that is something else. */
function alone(model, row) {
  const [first] = row[model]?.top ?? [];
  if (first === undefined || first.code === row.category.code) return null;
  return h("span", { class: `alone ${model}` }, t(`catalogue.alone_${model}`, categoryName(first), percent(first.score)));
}

function fault(error) {
  return h("span", { class: "row-fault" }, faultSentences(error).what);
}

function state(row) {
  if (row.category === null) return statusBadge(row.status);
  if (row.correction !== null) {
    return row.correction.code === row.category.code
      ? h("span", { class: "badge good" }, t("catalogue.confirmed"))
      : [h("span", { class: "badge good" }, t("catalogue.corrected")), h("span", { class: "fine" }, categoryName(row.correction))];
  }
  return row.needs_review ? h("span", { class: "badge warn" }, t("catalogue.needs_review")) : null;
}
