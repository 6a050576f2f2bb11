// Which categories are taken for which: a row for each true category, a column for each answered one. The darker a cell,
// the more of its row's products are there. It is a table, so that the rows and columns of a cell can be heard; one cell
// at a time has the focus, and the arrow keys move it.

import { h, replace } from "../kit/elements.js";
import { number, percent, t } from "../kit/words.js";
import { categoryName } from "../client/taxonomy.js";

const SHADES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.85, 1]; // where each ends; styles/pages/charts.css has their colours
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** Of the API's `confusion`, `{ categories, counts }`. */
export function confusionMatrix(confusion) {
  const names = confusion.categories.map(categoryName);
  const sums = confusion.counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const sentence = (row, column) => cellSentence(names, confusion.counts, sums, row, column);
  const words = h("p", { class: "chart-reading fine" }, t("charts.confusion_how_to_read"));
  const cells = confusion.counts.map((counts, row) => counts.map((count, column) => cell(count, sums[row], row === column)));
  const table = h("table", { class: "confusion", role: "grid", "aria-label": t("charts.confusion") },
    h("thead", {}, h("tr", {},
      h("th", { scope: "col" }, h("span", { class: "true-name" }, t("charts.confusion_corner"))),
      names.map((name, place) => h("th", { scope: "col", title: name, "aria-label": name }, place + 1)))),
    h("tbody", {}, cells.map((row, place) => h("tr", {},
      h("th", { scope: "row" }, h("span", { class: "order" }, place + 1), h("span", { class: "true-name" }, names[place])), row))));
  cells[0][0].tabIndex = 0;
  readable(table, cells, (row, column) => replace(words, sentence(row, column)));
  return h("div", { class: "stack-small" },
    words,
    h("div", { class: "table-wrap", role: "region", "aria-label": t("charts.confusion"), tabindex: "0" }, table),
    scale());
}

/** The most frequent mistakes, `[{ truth, answered, count, share }]`: categories by name, the share of the true one's products. */
export function mistakes({ categories, counts }, most = 10) {
  const found = counts.flatMap((row, truth) => {
    const sum = row.reduce((before, count) => before + count, 0);
    return row.map((count, answered) => ({ truth, answered, count, share: sum ? count / sum : 0 }));
  }).filter(({ truth, answered, count }) => truth !== answered && count > 0);
  found.sort((one, other) => other.count - one.count || other.share - one.share);
  const name = (place) => categoryName(categories[place]);
  return found.slice(0, most).map(({ truth, answered, ...rest }) => ({ truth: name(truth), answered: name(answered), ...rest }));
}

/** The class of a share's shade: 0 for nothing. */
export function shade(share) {
  return share <= 0 ? 0 : SHADES.findIndex((end) => share <= end + 1e-9) + 1;
}

function cell(count, sum, right) {
  const name = `shade-${shade(sum ? count / sum : 0)} ${right ? "right" : ""}`.trim();
  return h("td", { class: name, role: "gridcell", tabindex: "-1" }, count > 0 ? number(count) : h("span", { class: "unseen" }, "0"));
}

function cellSentence(names, counts, sums, row, column) {
  const [count, sum] = [counts[row][column], sums[row]];
  const share = sum ? percent(count / sum, 1) : null;
  const values = { truth: names[row], answered: names[column], count: number(count), sum: number(sum), share };
  return t(row === column ? "charts.confusion_right" : "charts.confusion_cell", values);
}

function readable(table, cells, say) {
  const placeOf = ({ target }) => {
    const found = target.closest("td");
    return found === null ? null : [found.parentElement.sectionRowIndex, found.cellIndex - 1];
  };
  const read = (event) => {
    const place = placeOf(event);
    if (place !== null) say(...place);
  };
  table.addEventListener("pointerover", read);
  table.addEventListener("focusin", (event) => {
    table.querySelector("td[tabindex='0']").tabIndex = -1;
    event.target.tabIndex = 0;
    read(event);
  });
  table.addEventListener("keydown", (event) => {
    const to = moved(placeOf(event), event.key, cells.length - 1);
    if (to === null) return;
    event.preventDefault();
    cells[to[0]][to[1]].focus();
  });
}

function moved(place, key, last) {
  if (place === null) return null;
  if (key === "Home") return [place[0], 0];
  if (key === "End") return [place[0], last];
  if (MOVES[key] === undefined) return null;
  return place.map((each, which) => Math.min(Math.max(each + MOVES[key][which], 0), last));
}

function scale() {
  const steps = SHADES.map((_, place) => h("span", { class: `chart-step shade-${place + 1}` }));
  return h("p", { class: "chart-shades fine", "aria-hidden": "true" },
    t("charts.shades_from"), h("span", { class: "chart-steps" }, steps), t("charts.shades_to"));
}
