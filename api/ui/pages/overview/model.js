// The bundle that answers: how often people agreed with it, and its figures on the test split.

import { h, replace } from "../../kit/elements.js";
import { dateTime, number, percent, t } from "../../kit/words.js";
import { link } from "../../kit/routes.js";
import { may } from "../../client/session.js";
import { confusionCard } from "../../charts/confusion_card.js";
import { metricBars } from "../../charts/metric_bars.js";
import { nothing } from "../../parts/busy.js";

/** `{ element, update(monitor) }`. The figures are drawn again when another bundle answers, or somebody has judged. */
export function modelSection() {
  const element = h("div", { class: "stack" });
  const agreement = h("div", { class: "stack-small" });
  let shown;
  const update = ({ bundle, accuracy }) => {
    const since = dateTime(accuracy.since, { dateStyle: "medium" });
    replace(agreement, h("h3", {}, t("overview.agreement")), figures(accuracy), h("p", { class: "fine" }, t("overview.agreement_more", since)));
    const now = bundle === null ? null : `${bundle.version} ${bundle.activated_at}`;
    if (now === shown) return;
    shown = now;
    replace(element, bundle === null ? without(agreement) : [card(bundle, agreement), confusionCard(bundle.confusion ?? null)]);
  };
  return { element, update };
}

function without(agreement) {
  return h("section", { class: "card stack" }, h("h2", {}, t("overview.model")), nothing(t("overview.no_bundle")), agreement);
}

function card(bundle, agreement) {
  const version = may("admin") ? h("a", { href: link("models", bundle.version) }, bundle.version) : bundle.version;
  return h("section", { class: "card stack" },
    h("div", { class: "section-head" },
      h("h2", {}, t("overview.model")),
      h("p", { class: "fine" }, version, bundle.demo ? [" ", h("span", { class: "badge" }, t("overview.demo"))] : null)),
    h("div", { class: "columns wide" },
      h("div", { class: "stack-small" },
        h("h3", {}, t("overview.test_figures")), metricBars(bundle.metrics), h("p", { class: "fine" }, t("charts.metrics", bundle.metrics.rows), ".")),
      agreement));
}

function figures({ active, all }) {
  return h("dl", { class: "figures" }, [["agreed_active", active], ["agreed_all", all]].map(([name, { judged, right, share }]) => h("div", {},
    h("dt", {}, t(`overview.${name}`)),
    h("dd", {},
      share === null ? "–" : percent(share, 1),
      h("small", {}, judged ? t("overview.right_of_judged", number(right), number(judged)) : t("overview.nothing_judged"))))));
}
