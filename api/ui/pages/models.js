// The bundles that were published, the newest first.

import { h } from "../kit/elements.js";
import { link } from "../kit/routes.js";
import { dateTime, number, percent, t } from "../kit/words.js";
import { get } from "../client/api.js";
import { chartsReady } from "../charts/ready.js";
import { nothing } from "../parts/busy.js";
import { dataTable } from "../parts/data_table.js";
import { inEnglish } from "../parts/in_english.js";
import { pageHead } from "../parts/page_head.js";
import { pages } from "../parts/pages.js";
import { bundleBadges } from "./models/badges.js";

export const style = "models";
const PAGE = 50;

export async function show({ signal }) {
  await chartsReady(signal);
  const list = pages({
    fetchPage: (cursor) => get("/api/models", { query: { limit: PAGE, cursor }, signal }),
    draw: table,
    empty: () => nothing(t("models.none_yet")),
    range: (first, last) => t("models.range", number(first), number(last)),
    signal,
  });
  await list.open();
  return [pageHead(t("models.title"), t("models.lead")), list.element];
}

function table(bundles) {
  const end = true;
  return dataTable({
    label: t("models.title"),
    columns: [
      { label: t("models.version") }, { label: t("models.state") }, { label: t("models.published_at") }, { label: t("models.data") },
      { label: t("charts.macro_f1"), end }, { label: t("charts.accuracy"), end }, { label: t("models.test_rows"), end },
    ],
    rows: bundles.map((bundle) => [
      h("a", { href: link("models", bundle.version) }, bundle.version),
      [h("span", { class: "actions" }, bundleBadges(bundle)), bundle.refused === null ? null : h("p", { class: "fine reason" }, inEnglish(bundle.refused))],
      dateTime(bundle.created_at), bundle.data,
      percent(bundle.metrics.fused.macro_f1, 1), percent(bundle.metrics.fused.accuracy, 1), number(bundle.metrics.rows),
    ]),
  });
}
