// What a bundle was made of, and with what.

import { h } from "../../kit/elements.js";
import { dateTime, number, percent, t } from "../../kit/words.js";
import { dataTable } from "../../parts/data_table.js";

/** A card for a bundle of `GET /api/models/{version}`. */
export function facts(bundle) {
  const { training_data: data, fusion } = bundle;
  const said = [
    ["data", data.name],
    ["rows", t("models.rows_of", number(data.train_rows), number(data.validation_rows), number(data.test_rows))],
    ["trained_at", dateTime(bundle.trained_at)],
    ["published_at", dateTime(bundle.created_at)],
    ["activated_at", bundle.activated_at === null ? t("models.never") : dateTime(bundle.activated_at)],
    ["categories", number(bundle.classes.length)],
    ["texts", t("models.texts_of", number(bundle.vocabulary), number(bundle.max_tokens))],
    ["photos", t("models.photos_of", bundle.image_size)],
    ["fusion", t("models.fusion_of", percent(fusion.text_weight), number(fusion.text_temperature, 2), number(fusion.image_temperature, 2))],
  ];
  return h("section", { class: "card stack" },
    h("h2", {}, t("models.made_of")),
    h("dl", { class: "facts" }, said.map(([name, value]) => [h("dt", {}, t(`models.${name}`)), h("dd", {}, value)])),
    more(t("models.libraries"), bundle.libraries, [t("models.library"), t("models.version")]),
    more(t("models.files"), { ...bundle.files, [t("models.all_rows")]: data.fingerprint }, [t("models.file"), "SHA-256"]));
}

function more(name, values, [key, value]) {
  return h("details", { class: "figures-of" }, h("summary", {}, name),
    dataTable({ label: name, columns: [{ label: key }, { label: value }], rows: Object.entries(values).map(([each, said]) => [each, h("code", {}, said)]) }));
}
