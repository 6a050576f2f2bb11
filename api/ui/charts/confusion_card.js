// The confusion of a bundle with its most frequent mistakes in words, for whoever shows a bundle.

import { h } from "../kit/elements.js";
import { number, percent, t } from "../kit/words.js";
import { dataTable } from "../parts/data_table.js";
import { confusionMatrix, mistakes } from "./confusion.js";

/** A card of the API's `confusion`; null where the bundle was made before that was kept. */
export function confusionCard(confusion) {
  return h("section", { class: "card stack" },
    h("h2", {}, t("charts.confusion")),
    confusion === null
      ? h("p", { class: "fine" }, t("charts.no_confusion"))
      : [frequent(confusion), h("h3", {}, t("charts.matrix")), confusionMatrix(confusion)]);
}

function frequent(confusion) {
  const found = mistakes(confusion);
  if (!found.length) return h("p", {}, t("charts.no_mistakes"));
  return [
    h("h3", {}, t("charts.mistakes")),
    dataTable({
      label: t("charts.mistakes"),
      columns: [
        { label: t("charts.truth") }, { label: t("charts.answered_as") },
        { label: t("charts.products"), end: true }, { label: t("charts.share_of_truth"), end: true },
      ],
      rows: found.map(({ truth, answered, count, share }) => [truth, answered, number(count), percent(share, 1)]),
    }),
  ];
}
