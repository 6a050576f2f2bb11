// The last minutes in a few figures.

import { h, replace } from "../../kit/elements.js";
import { duration, number, percent, t } from "../../kit/words.js";

/** `{ element, update(monitor) }`. */
export function nowSection() {
  const list = h("dl", { class: "figures" });
  const update = ({ recent, workers }) => {
    const sum = (name) => recent.lanes.reduce((before, lane) => before + lane[name], 0);
    const { products, p50_seconds: half, p95_seconds: high } = recent.latency;
    const models = workers.filter(({ kind, state }) => kind === "model" && state === "alive").length;
    const perSecond = sum("rows_per_second");
    replace(list,
      figure("done_per_second", number(perSecond, perSecond < 1 ? 2 : 1), t("overview.answered_reused", number(sum("answered")), number(sum("reused")))),
      figure("recent_errors", number(sum("errors"))),
      figure("recent_times", half === null ? "–" : duration(half), products ? t("overview.recent_times_more", high, products) : t("overview.no_product_then")),
      figure("busy", models ? percent(Math.min(recent.model.seconds / recent.seconds / models, 1)) : "–", t("overview.busy_more", models)));
  };
  const element = h("section", { class: "card", "aria-labelledby": "overview-now" }, h("h2", { id: "overview-now" }, t("overview.recent")), list);
  return { element, update };
}

function figure(name, value, more = null) {
  return h("div", {}, h("dt", {}, t(`overview.${name}`)), h("dd", {}, value, more ? h("small", {}, more) : null));
}
