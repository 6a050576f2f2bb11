// What the file is and how it was read: worth a look where the answers are odd.

import { h, replace } from "../../kit/elements.js";
import { bytes, hasText, t } from "../../kit/words.js";
import { delimiterName } from "../../parts/delimiters.js";

/** A card with the file's facts, closed until somebody opens it: `{ element, update(job) }`. */
export function fileFacts() {
  const list = h("dl", { class: "facts-list" });
  const element = h("details", { class: "card facts" }, h("summary", {}, t("catalogue.facts")), list);
  let shown = null;
  const update = ({ source }) => {
    const now = JSON.stringify(source);
    if (now === shown) return; // what somebody reads there, or has the focus on, stays
    shown = now;
    const facts = source === null ? [] : sourceFacts(source);
    element.hidden = facts.length === 0;
    replace(list, facts.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  };
  return { element, update };
}

function sourceFacts(source) {
  const { filename, format, size, encoding, delimiter, columns, header, compressed } = source;
  const mapped = Object.entries(columns);
  return [
    filename ? [t("catalogue.file"), filename] : null,
    [t("catalogue.format"), [t(`catalogue.format_${format}`), compressed ? t("catalogue.compressed") : null, bytes(size)].filter(Boolean).join(", ")],
    encoding ? [t("catalogue.encoding"), encoding] : null,
    delimiter ? [t("catalogue.delimiter"), delimiterName(delimiter)] : null,
    mapped.length ? [t("catalogue.columns"), h("ul", {}, mapped.map(([ours, theirs]) => h("li", {}, columnName(ours), " ← ", theirs)))] : null,
    header ? [t("catalogue.header"), header.slice(0, 50).join(" · ") + (header.length > 50 ? " …" : "")] : null,
  ];
}

/** The field of a product that a column was read as. */
function columnName(ours) {
  return hasText(`catalogue.column_${ours}`) ? t(`catalogue.column_${ours}`) : ours;
}
