// One row of a catalogue in full: its photo, its texts, and what both models and each alone made of them.

import { h } from "../../kit/elements.js";
import { opened } from "../../kit/dialog.js";
import { number, percent, t } from "../../kit/words.js";
import { categoryName } from "../../client/taxonomy.js";
import { faultSentences } from "../../parts/fault.js";
import { photo } from "../../parts/photo.js";
import { scoreBars } from "../../parts/score_bars.js";

const SIDE = 640; // pixels of the photo that is fetched; it is shown at half of that

/** Show a row in a dialog, until it is closed. */
export function showProduct(row) {
  const title = row.designation ?? t("catalogue.untitled");
  const { dialog } = opened({ title, content: product(row, title), actions: [{ value: "", label: t("core.close"), kind: "primary" }] });
  const heading = dialog.querySelector("h2");
  heading.tabIndex = -1;
  heading.focus(); // not the button at the end, which a small screen would scroll to
  dialog.scrollTop = 0;
}

function product(row, title) {
  const picture = row.photo === null ? null : photo(row.photo, { size: SIDE, alternative: t("catalogue.photo_of", title) });
  return h("div", { class: "product-in-full" },
    h("div", { class: picture ? "product-beside" : "" }, picture,
      h("div", { class: "stack" },
        row.description ? description(row.description) : null,
        h("dl", { class: "facts-list" }, facts(row).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))))),
    row.error === null ? null : fault(row.error),
    row.category === null ? null : opinions(row));
}

/** It may be long: it scrolls by itself, and takes the focus for that. */
function description(text) {
  return h("div", { class: "description", role: "group", tabindex: "0", "aria-label": t("catalogue.column_description") }, text);
}

function facts(row) {
  return [
    row.product_id === null ? null : [t("catalogue.product_id"), row.product_id],
    [t("catalogue.row"), number(row.row + 1)],
    row.category === null ? null : [t("catalogue.category"), `${categoryName(row.category)}, ${percent(row.confidence, 1)}`],
    row.category === null ? null : [t("catalogue.review"), t(`catalogue.review_${row.needs_review === true && row.correction === null}`)],
    row.previous === null ? null : [t("catalogue.before"), `${categoryName(row.previous)}, ${percent(row.previous.confidence, 1)}`],
    row.correction === null ? null : verdict(row),
    row.model_version === null ? null : [t("catalogue.bundle"), row.reused ? t("catalogue.reused", row.model_version) : row.model_version],
  ].filter(Boolean);
}

function verdict({ category, correction }) {
  if (correction.code === category.code && correction.by) return [t("catalogue.confirmed_by"), correction.by];
  return [t("catalogue.correction"), t("catalogue.correction_by", categoryName(correction), correction.by)];
}

function fault(error) {
  const { what, todo } = faultSentences(error);
  return h("div", { class: "alert bad" },
    h("p", { class: "alert-what" }, what),
    error.column ? h("p", {}, t("catalogue.in_column", error.column)) : null,
    todo ? h("p", {}, todo) : null);
}

function opinions(row) {
  const opinion = (name, tone, top, weight = null) => h("section", {},
    h("h3", {}, t(`catalogue.said_${name}`)),
    h("p", { class: "fine" }, weight === null ? null : t("catalogue.weight", percent(weight))),
    scoreBars(top.slice(0, 5), tone));
  const absent = (name) => h("section", {}, h("h3", {}, t(`catalogue.said_${name}`)), h("p", { class: "fine" }, t(`catalogue.without_${name}`)));
  return h("div", { class: "opinions" },
    opinion("both", "fused", row.top),
    row.text === null ? absent("text") : opinion("text", "text", row.text.top, row.text.weight),
    row.image === null ? absent("image") : opinion("image", "photo-model", row.image.top, row.image.weight));
}
