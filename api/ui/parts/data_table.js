// A table of figures: it scrolls by itself where it is wider than the page, and has a name for those who do not see it.

import { h, replace } from "../kit/elements.js";

/**
 * `columns`: `[{ label, end }]`, with `end` for figures; `rows`: lists of cells (texts, nodes), the first one names its row.
 */
export function dataTable({ label, columns, rows }) {
  return h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": label },
    h("table", { "aria-label": label },
      h("thead", {}, h("tr", {}, columns.map(({ label: name, end }) => h("th", { scope: "col", class: end ? "end" : null }, name)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, place) => inRow(cell, place, columns[place].end)))))));
}

/** Put a table in place of another one; who had the focus on it keeps it. */
export function refill(place, element) {
  const held = place.firstElementChild !== null && place.firstElementChild === document.activeElement;
  const scrolled = place.firstElementChild?.scrollLeft ?? 0;
  replace(place, element);
  element.scrollLeft = scrolled;
  if (held) element.focus({ preventScroll: true });
}

function inRow(cell, place, end) {
  return place === 0 ? h("th", { scope: "row" }, cell) : h("td", { class: end ? "end" : null }, cell);
}
