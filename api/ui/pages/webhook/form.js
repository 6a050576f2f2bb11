// What can be chosen about a webhook: its address, and what it is told of.

import { h } from "../../kit/elements.js";
import { t } from "../../kit/words.js";
import { field } from "../../parts/field.js";
import { formDialog } from "../../parts/form_dialog.js";

export const EVENTS = ["succeeded", "partially_succeeded", "failed", "canceled", "expired"];
export const KINDS = ["product", "catalogue", "ingest"];
const CODES = { WEBHOOK_URL_REFUSED: "url", WEBHOOK_EXISTS: "url" };

/** Ask for a webhook's address and filters, and have `send` do something with `{ url, events, job_kinds }`. Resolves to whether it did. */
export function webhookForm({ title, action, webhook = { url: "", events: [], job_kinds: [] }, send, signal }) {
  const url = field({
    label: t("webhooks.url"),
    hint: t("webhooks.url_hint"),
    attributes: { name: "url", type: "url", inputmode: "url", autocomplete: "off", spellcheck: "false", required: true, value: webhook.url },
  });
  const events = choices(t("webhooks.events"), t("webhooks.events_hint"), EVENTS.map((end) => [`job.${end}`, t(`webhooks.event_${end}`)]), webhook.events);
  const kinds = choices(t("webhooks.kinds"), t("webhooks.kinds_hint"), KINDS.map((kind) => [kind, t(`webhooks.kind_${kind}`)]), webhook.job_kinds);
  const sent = async () => {
    if (url.control.value.trim() === "") {
      url.fault(t("webhooks.url_missing"));
      url.control.focus();
      return false;
    }
    await send({ url: url.control.value.trim(), events: events.chosen(), job_kinds: kinds.chosen() });
    return true;
  };
  return formDialog({ title, content: [url.element, events.element, kinds.element], action, send: sent, fields: { url }, codes: CODES, signal });
}

function choices(legend, hint, named, chosen) {
  const boxes = named.map(([value, label]) => [h("input", { type: "checkbox", value, checked: chosen.includes(value) }), label]);
  const element = h("fieldset", {},
    h("legend", {}, legend),
    h("p", { class: "field-hint" }, hint),
    h("div", { class: "choice-grid" }, boxes.map(([box, label]) => h("label", { class: "choice" }, box, label))));
  return { element, chosen: () => boxes.filter(([box]) => box.checked).map(([box]) => box.value) };
}
