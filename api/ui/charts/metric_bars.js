// How good the models are on the test split: a bar for each of them and each figure, with the number beside it.

import { h } from "../kit/elements.js";
import { percent, t } from "../kit/words.js";
import { bar } from "../parts/score_bars.js";

const MODELS = [
  { name: "fused", tone: "fused" },
  { name: "text", tone: "text" },
  { name: "image", tone: "photo-model" },
  { name: "baseline", tone: "baseline" },
];
const FIGURES = ["macro_f1", "accuracy"];

/** A table of the API's `metrics`. A baseline that was not measured has no row. */
export function metricBars(metrics) {
  const label = t("charts.metrics", metrics.rows);
  return h("table", { class: "metrics", "aria-label": label },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("charts.model")), FIGURES.map((name) => h("th", { scope: "col" }, t(`charts.${name}`))))),
    h("tbody", {}, MODELS.filter(({ name }) => metrics[name] !== null).map(({ name, tone }) => h("tr", { class: tone },
      h("th", { scope: "row" }, t(`charts.model_${name}`)),
      FIGURES.map((figure) => h("td", {}, metric(metrics[name][figure])))))));
}

function metric(share) {
  return h("span", { class: "metric" }, bar(share), h("span", { class: "number" }, percent(share, 1)));
}
