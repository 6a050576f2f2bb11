// The first rows of a file, each column under our name for it and its own.

import { h, replace } from "../../kit/elements.js";
import { number, t } from "../../kit/words.js";

const MOST_COLUMNS = 40; // more than these are counted, unless they are ours
const MOST_CHARACTERS = 160; // of a cell

/** `{ element, update(mapping) }` for a table of the file's reader. */
export function previewTable({ header, rows }) {
  if (rows === null) return withoutRows(header);
  const head = h("tr", {});
  const body = h("tbody", {});
  const more = h("p", { class: "fine", hidden: header.length <= MOST_COLUMNS });
  const element = h("div", { class: "stack preview" },
    h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": t("catalogues.first_rows") },
      h("table", {}, h("caption", {}, t("catalogues.first_rows")), h("thead", {}, head), body)),
    notes(rows), more);
  const update = (mapping) => {
    const used = namesOf(mapping);
    const shown = header.map((_, place) => place).filter((place) => place < MOST_COLUMNS || isUsed(header, place, used));
    replace(head, shown.map((place) => columnHead(header[place], isUsed(header, place, used) ? used.get(header[place]) : [])));
    replace(body, rows.map(({ cells }) => h("tr", {}, shown.map((place) => cell(cells[place] ?? "", isUsed(header, place, used))))));
    replace(more, t("catalogues.more_columns", number(header.length - shown.length), header.length - shown.length));
  };
  return { element, update };
}

/** What each of the file's names is called by us: lists, since one column may be two of ours. */
function namesOf(mapping) {
  const used = new Map();
  for (const [ours, theirs] of Object.entries(mapping)) used.set(theirs, [...(used.get(theirs) ?? []), ours]);
  return used;
}

function isUsed(header, place, used) {
  return used.has(header[place]) && header.indexOf(header[place]) === place;
}

function columnHead(theirs, ours) {
  return h("th", { scope: "col", class: ours.length ? "used" : null },
    h("span", { class: "our-names" }, ours.length ? ours.map((each) => h("span", { class: "badge accent" }, t(`catalogues.ours_${each}`))) : h("span", { class: "unused" }, t("catalogues.not_used"))),
    h("span", { class: "their-name" }, theirs || t("catalogues.nameless")));
}

function cell(text, isOurs) {
  const short = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return h("td", { class: isOurs ? "used" : null }, h("span", { class: "cell" }, short));
}

/** Which of the rows the service would not be able to read. */
function notes(rows) {
  const broken = rows.map(({ isBroken }, place) => (isBroken ? number(place + 1) : null)).filter(Boolean);
  return broken.length ? h("p", { class: "alert warn" }, t("catalogues.broken_rows", broken.join(", "), broken.length)) : null;
}

/** For files whose columns are known and whose rows are not. */
function withoutRows(header) {
  const list = h("ul", { class: "column-names" });
  const element = h("div", { class: "stack preview" }, h("p", { class: "fine" }, t("catalogues.rows_unseen")), list);
  const update = (mapping) => {
    const used = namesOf(mapping);
    replace(list, header.slice(0, MOST_COLUMNS).map((name, place) => h("li", { class: isUsed(header, place, used) ? "used" : null },
      h("span", { class: "their-name" }, name || t("catalogues.nameless")),
      isUsed(header, place, used) ? used.get(name).map((each) => h("span", { class: "badge accent" }, t(`catalogues.ours_${each}`))) : null)));
  };
  return { element, update };
}
