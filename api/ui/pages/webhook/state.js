// How a webhook does, in a word and in a sentence.

import { h } from "../../kit/elements.js";
import { dateTime, t } from "../../kit/words.js";
import { EVENTS, KINDS } from "./form.js";

const TONES = { active: "good", failing: "warn", paused: "", disabled: "bad" };

/** `active`, `failing` (active, and nothing arrives), `paused` by its owner, or `disabled` by the service. */
function stateOf(webhook) {
  if (webhook.active) return webhook.failing_since === null ? "active" : "failing";
  return webhook.disabled_reason === null ? "paused" : "disabled";
}

/** The state as a badge. */
export function stateBadge(webhook) {
  const state = stateOf(webhook);
  return h("span", { class: `badge ${TONES[state]}` }, t(`webhooks.${state}`));
}

/** What the state means, and why it is so: paragraphs. */
export function stateText(webhook) {
  const state = stateOf(webhook);
  const texts = {
    active: () => t("webhooks.healthy"),
    failing: () => t("webhooks.failing_since", dateTime(webhook.failing_since)),
    paused: () => t("webhooks.paused_text"),
    disabled: () => t("webhooks.disabled_text"),
  };
  return [
    h("p", {}, texts[state]()),
    webhook.disabled_reason ? h("p", {}, `${t("webhooks.reason")} `, said(webhook.disabled_reason)) : null,
    webhook.previous_secret_until ? h("p", {}, t("webhooks.both_sign", dateTime(webhook.previous_secret_until))) : null,
  ];
}

/** What a webhook is told of, in a line. */
export function toldOf({ events, job_kinds: kinds }) {
  const ends = EVENTS.filter((end) => events.includes(`job.${end}`)).map((end) => t(`webhooks.event_${end}`));
  const jobs = KINDS.filter((kind) => kinds.includes(kind)).map((kind) => t(`webhooks.kind_${kind}`));
  if (!ends.length && !jobs.length) return t("webhooks.everything");
  return `${jobs.join(", ") || t("webhooks.all_kinds")} · ${ends.join(", ") || t("webhooks.all_ends")}`;
}

/** A sentence of the service; one that is not known in the reader's language stays, and says which language it is in. */
export function said(sentence) {
  const own = t("webhooks.said", sentence);
  return h("span", own === sentence ? { lang: "en" } : {}, own);
}
