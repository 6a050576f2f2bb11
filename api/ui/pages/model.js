// One bundle: how good it is, beside the one that answers, what it was made of; and having workers answer with it.

import { announce } from "../kit/announce.js";
import { h, replace } from "../kit/elements.js";
import { link } from "../kit/routes.js";
import { t } from "../kit/words.js";
import { get } from "../client/api.js";
import { categories } from "../client/taxonomy.js";
import { confusionCard } from "../charts/confusion_card.js";
import { metricBars } from "../charts/metric_bars.js";
import { chartsReady } from "../charts/ready.js";
import { withReason } from "../parts/in_english.js";
import { pageHead } from "../parts/page_head.js";
import { bundleBadges } from "./models/badges.js";
import { changeOver } from "./models/change_over.js";
import { comparison } from "./models/comparison.js";
import { facts } from "./models/facts.js";

export const style = "models";

export async function show({ parameters: [version], signal }) {
  const [first] = await Promise.all([fetched(version, signal), categories(), chartsReady(signal)]);
  const head = h("div", {});
  const body = h("div", { class: "stack" });
  const change = changeOver({ version, ended, signal });
  const draw = ({ bundle, active }, told = false) => {
    const heading = document.activeElement === change.button;
    replace(head, pageHead(version, null, bundle.active ? [] : [change.button]));
    replace(body, ...sections(bundle, active, told));
    if (heading) focusAfter(head, bundle);
  };

  async function ended(outcome) {
    draw(await fetched(version, signal), true);
    replace(change.place, alert(outcome));
    announce(withReason(outcome));
  }

  draw(first);
  return [h("p", { class: "back" }, h("a", { href: link("models") }, t("models.back"))), head, change.place, body];
}

function alert(outcome) {
  return h("div", { class: `alert ${outcome.level}` }, h("p", { class: "alert-what" }, withReason(outcome)), h("p", {}, outcome.todo));
}

/** Where the button was that has gone: on the heading, so that whoever pressed it goes on from there. */
function focusAfter(head, bundle) {
  head.querySelector(bundle.active ? "h1" : "button").focus();
}

/** The bundle and the one that answers, `{ bundle, active }`; `active` is null where there is none, or it is this one. */
async function fetched(version, signal) {
  const [bundle, monitor] = await Promise.all([get(path(version), { signal }), get("/api/monitor", { signal })]);
  const other = monitor.bundle?.version ?? version;
  return { bundle, active: bundle.active || other === version ? null : await get(path(other), { signal }) };
}

function path(version) {
  return `/api/models/${encodeURIComponent(version)}`;
}

/** `told`: that it was refused is said above already. */
function sections(bundle, active, told) {
  return [
    h("p", { class: "actions" }, bundleBadges(bundle), h("span", {}, t("models.answering", bundle.workers))),
    bundle.refused === null || told ? null : alert({ level: "bad", what: t("models.was_refused"), reason: bundle.refused, todo: t("models.was_refused_todo") }),
    h("section", { class: "card stack-small" },
      h("h2", {}, t("models.figures")), metricBars(bundle.metrics), h("p", { class: "fine" }, t("charts.metrics", bundle.metrics.rows), ".")),
    active === null ? null : comparison(bundle, active),
    confusionCard(bundle.confusion ?? null),
    facts(bundle),
  ];
}
