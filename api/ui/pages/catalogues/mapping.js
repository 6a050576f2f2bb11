// Which of the file's columns is which of ours: a choice for each of ours, and the first rows under what was chosen.

import { h, replace } from "../../kit/elements.js";
import { t } from "../../kit/words.js";
import { isNameable, lackOf, OURS } from "../../catalogue_files/columns.js";
import { field } from "../../parts/field.js";
import { previewTable } from "./preview_table.js";

/** `{ element, isUsable() }` for a draft whose file could be looked into. Choices go into the draft's `mapping`. */
export function columnMapping(draft) {
  const { table, inside } = draft.preview;
  const lack = h("div", { "aria-live": "polite" });
  const rows = previewTable(table);
  const update = () => {
    rows.update(draft.mapping);
    for (const { ours, fault } of choices) fault(faultOf(draft, ours));
    replace(lack, lackBox(lackOf(draft.mapping), inside !== null && "image_id" in draft.mapping));
  };
  const choices = OURS.map((ours) => ({ ours, ...columnField(draft, ours, update) }));
  const element = h("div", { class: "stack" },
    h("div", {}, h("h3", {}, t("catalogues.columns")), h("p", { class: "fine" }, t("catalogues.columns_hint"))),
    h("div", { class: "noted" }, h("div", { class: "fields our-columns" }, choices.map((choice) => choice.element)), lack), rows.element);
  update();
  const isUsable = () => {
    const wrong = choices.find(({ ours }) => faultOf(draft, ours)) ?? (lackOf(draft.mapping) === "nothing" ? choices.find(({ ours }) => ours === "designation") : null);
    wrong?.control.focus();
    return !wrong;
  };
  return { element, isUsable };
}

function columnField(draft, ours, changed) {
  const { header } = draft.preview.table;
  const chosen = draft.mapping[ours];
  const names = header.filter((name) => name === chosen || isNameable(name, header));
  const choose = ({ target }) => {
    if (target.value === "") delete draft.mapping[ours];
    else draft.mapping[ours] = header[Number(target.value)];
    changed();
  };
  const option = (value, text, selected) => h("option", { value, selected }, text);
  // The service cannot be told that a column it finds by its name is none of ours, so this choice is not offered there.
  const none = ours in draft.byItself ? null : option("", t(ours === "image" && draft.preview.photos ? "catalogues.by_photo_names" : "catalogues.not_there"), chosen === undefined);
  return field({ label: t(`catalogues.ours_${ours}`), tag: "select", attributes: { onchange: choose } },
    none, [...new Set(names)].map((name) => option(header.indexOf(name), name, name === chosen)));
}

/** What is wrong with the choice for one of ours, or null. */
function faultOf({ mapping, preview: { table } }, ours) {
  return ours in mapping && !isNameable(mapping[ours], table.header) ? t("catalogues.twice", mapping[ours]) : null;
}

/** That a mapping leaves the service nothing to go by. An id may be enough where it leads to a photo in the ZIP. */
function lackBox(lack, hasPhotos) {
  if (lack === null || (lack === "content" && hasPhotos)) return null;
  return h("div", { class: "alert warn" },
    h("p", { class: "alert-what" }, t(`catalogues.lack_${lack}`)),
    h("p", {}, t(`catalogues.lack_${lack}.todo`)));
}
