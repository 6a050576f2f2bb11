// A bundle beside the one that answers: the figures of both, and how far they are apart.

import { h } from "../../kit/elements.js";
import { number, percent, t } from "../../kit/words.js";
import { dataTable } from "../../parts/data_table.js";

const FIGURES = ["macro_f1", "accuracy"];
const MODELS = ["fused", "text", "image"];
const SAME = 0.0005; // less is not seen in the figures that are shown

/** A card for two bundles of `GET /api/models/{version}`. */
export function comparison(bundle, active) {
  const end = true;
  const sameRows = bundle.training_data.fingerprint === active.training_data.fingerprint;
  return h("section", { class: "card stack" },
    h("h2", {}, t("models.beside", active.version)),
    dataTable({
      label: t("models.beside", active.version),
      columns: [
        { label: t("models.figure") }, { label: t("models.this_bundle"), end },
        { label: t("models.active"), end }, { label: t("models.difference"), end },
      ],
      rows: MODELS.flatMap((model) => FIGURES.map((figure) => {
        const [mine, other] = [bundle.metrics[model][figure], active.metrics[model][figure]];
        return [t("models.figure_of", t(`charts.model_${model}`), t(`charts.${figure}`)), percent(mine, 1), percent(other, 1), difference(mine - other)];
      })),
    }),
    h("p", { class: "fine" }, t(sameRows ? "models.same_rows" : "models.other_rows")));
}

function difference(share) {
  if (Math.abs(share) < SAME) return t("models.same");
  return t(share > 0 ? "models.better" : "models.worse", number(Math.abs(share) * 100, 1, 1));
}
