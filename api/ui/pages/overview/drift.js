// How far products have moved away from those of training: in words, and the distributions that this is measured on.

import { h, replace } from "../../kit/elements.js";
import { dateTime, number, percent, t } from "../../kit/words.js";
import { histogram } from "../../charts/histogram.js";
import { legend } from "../../charts/legend.js";
import { sized } from "../../charts/sized.js";
import { dataTable, refill } from "../../parts/data_table.js";
import { classMix } from "./class_mix.js";

const BADGES = { stable: "good", watch: "warn", drifted: "bad", too_few_rows: "", not_known: "" };
const PICTURES = ["confidence", "unknown_tokens", "missing_images"];

/** `{ element, update(monitor) }`. */
export function driftSection() {
  const summary = h("p", { class: "fine" });
  const table = h("div", {});
  const mix = classMix();
  const pictures = Object.fromEntries(PICTURES.map((feature) => [feature, distribution(feature)]));
  const known = h("div", { class: "stack" }, table,
    mix.element,
    h("div", { class: "columns three" }, PICTURES.map((feature) => pictures[feature].element)));
  const element = h("section", { class: "card stack" }, h("h2", {}, t("overview.drift")), summary, known);
  let before = null;
  const update = ({ drift }) => {
    const now = JSON.stringify(drift);
    if (now === before) return;
    before = now;
    known.hidden = drift === null;
    replace(summary, drift === null ? t("overview.no_drift") : t("overview.drift_since", dateTime(drift.since), number(drift.watch, 2), number(drift.act, 2)));
    if (drift === null) return;
    refill(table, features(drift.features));
    const found = (name) => drift.features.find(({ feature }) => feature === name);
    mix.update(found("class_mix"));
    for (const feature of PICTURES) pictures[feature].update(found(feature));
  };
  return { element, update };
}

function features(all) {
  const end = true;
  return dataTable({
    label: t("overview.drift"),
    columns: [
      { label: t("overview.feature") }, { label: t("overview.drift_state") }, { label: t("overview.psi"), end },
      { label: t("overview.by_chance"), end }, { label: t("overview.rows"), end }, { label: t("overview.reference_rows"), end },
    ],
    rows: all.map(({ feature, state, psi, by_chance: chance, rows, reference_rows: reference }) => [
      t(`overview.feature_${feature}`), h("span", { class: `badge ${BADGES[state]}` }, t(`overview.state_${state}`)),
      figure(psi), figure(chance), number(rows), number(reference),
    ]),
  });
}

function figure(value) {
  return value === null ? "–" : number(value, 3, 3);
}

function distribution(feature) {
  let drawn = null;
  const place = sized((width) => histogram(drawn, width));
  const figures = h("div", {});
  const name = t(`overview.feature_${feature}`);
  const empty = h("p", { class: "fine" }, t("overview.no_rows_yet"));
  const element = h("div", { class: "stack-small" }, h("h3", {}, name),
    legend([{ shape: "bar", tone: "now", text: t("overview.now") }, { shape: "outline", tone: "", text: t("overview.in_training") }]),
    empty, place.element, h("details", { class: "figures-of" }, h("summary", {}, t("overview.as_table")), figures));
  const update = ({ bins, rows }) => {
    const named = bins.map((bin) => ({ name: binName(feature, bin), rows: bin.rows, share: rows ? bin.rows / rows : 0, reference: bin.reference_share }));
    drawn = { bins: named, label: t("overview.histogram", name) };
    empty.hidden = rows > 0;
    place.redraw();
    refill(figures, binTable(name, named));
  };
  return { element, update };
}

function binTable(name, bins) {
  const end = true;
  return dataTable({
    label: name,
    columns: [{ label: name }, { label: t("overview.rows"), end }, { label: t("overview.now"), end }, { label: t("overview.in_training"), end }],
    rows: bins.map(({ name: bin, rows, share, reference }) => [bin, number(rows), percent(share, 1), reference === null ? "–" : percent(reference, 1)]),
  });
}

function binName(feature, { key, low, high }) {
  if (feature === "missing_images") return t(`overview.bin_${key}`);
  if (low === high) return t("overview.bin_none");
  return t("overview.bin_between", number(low * 100), number(high * 100));
}
