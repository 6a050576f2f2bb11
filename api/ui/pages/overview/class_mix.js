// The categories that are answered now beside those of training, the largest difference first.

import { h } from "../../kit/elements.js";
import { number, percent, t } from "../../kit/words.js";
import { categoryName } from "../../client/taxonomy.js";
import { dumbbell } from "../../charts/dumbbell.js";
import { legend } from "../../charts/legend.js";
import { dataTable, refill } from "../../parts/data_table.js";

const SHORT = 12; // categories that are shown at first

/** `{ element, update(feature) }` of the feature `class_mix`. */
export function classMix() {
  const place = h("div", {});
  const state = { bins: [], all: false };
  const show = () => {
    refill(place, table(state.all ? state.bins : state.bins.slice(0, SHORT), state.bins));
    button.setAttribute("aria-expanded", String(state.all));
    button.textContent = t(state.all ? "overview.fewer_categories" : "overview.all_categories", number(state.bins.length));
    button.hidden = state.bins.length <= SHORT;
  };
  const toggle = () => {
    state.all = !state.all;
    show();
  };
  const button = h("button", { class: "button small", type: "button", onclick: toggle });
  const element = h("div", { class: "stack-small class-mix" },
    h("h3", {}, t("overview.feature_class_mix")),
    legend([{ shape: "dot", tone: "now", text: t("overview.now") }, { shape: "dot", tone: "reference", text: t("overview.in_training") }]),
    place, h("div", {}, button));
  const update = ({ bins, rows }) => {
    state.bins = sorted(bins, rows);
    show();
  };
  return { element, update };
}

/** Bins with their share and how far it is from training, the farthest first. */
export function sorted(bins, rows) {
  const found = bins.map((bin) => {
    const share = rows ? bin.rows / rows : null;
    return { ...bin, share, away: bin.reference_share === null || share === null ? null : share - bin.reference_share };
  });
  return found.sort((one, other) => Math.abs(other.away ?? 0) - Math.abs(one.away ?? 0) || (other.reference_share ?? 0) - (one.reference_share ?? 0));
}

function table(shown, all) {
  const end = true;
  const most = Math.max(0.01, ...all.flatMap(({ share, reference_share: reference }) => [share ?? 0, reference ?? 0]));
  return dataTable({
    label: t("overview.feature_class_mix"),
    columns: [
      { label: t("overview.category") }, { label: t("overview.shares") }, { label: t("overview.now"), end },
      { label: t("overview.in_training"), end }, { label: t("overview.difference"), end },
    ],
    rows: shown.map(({ key, category, share, reference_share: reference, away }) => [
      category === null ? key : categoryName(category), dumbbell({ share, reference, most }),
      share === null ? "–" : percent(share, 1), reference === null ? "–" : percent(reference, 1), away === null ? "–" : t("overview.points", away * 100),
    ]),
  });
}
