// A table whose rows turn into cards on a narrow screen. Its roles are said in words, since a table that is laid out otherwise is none.

import { h } from "../kit/elements.js";

/** `columns` are labels, `rows` are `tr` elements with the role `row`, made of `headCell` and `cell`. */
export function cardTable({ label, columns, rows }) {
  return h("table", { class: "card-table", role: "table", "aria-label": label },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((name) => h("th", { scope: "col", role: "columnheader" }, name)))),
    h("tbody", { role: "rowgroup" }, rows));
}

/** The cell that names its row. */
export function headCell(...content) {
  return h("th", { scope: "row", role: "rowheader" }, h("div", { class: "card-head" }, content));
}

/** Another cell; on a card its column's label stands before it. */
export function cell(label, ...content) {
  return h("td", { role: "cell", "data-label": label }, content);
}
