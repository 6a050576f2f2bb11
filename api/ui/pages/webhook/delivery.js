// One delivery: an event on its way, which opens to show its tries. It is brought up to date in place, so that neither
// the focus nor what is open is lost.

import { h, newId, replace } from "../../kit/elements.js";
import { announce, notify } from "../../kit/announce.js";
import { ago, dateTime, t } from "../../kit/words.js";
import { post } from "../../client/api.js";
import { whileBusy } from "../../parts/busy.js";
import { problemBox } from "../../parts/problem.js";
import { attemptsTable } from "./attempts.js";

const TONES = { pending: "accent", delivered: "good", dead: "bad" };

/**
 * `{ element, update(delivery), leave(next), delivery() }`: it leaves the list, and a focus goes to `next`. `path` is the
 * webhook's; `sent` is called when it is to be sent again.
 */
export function deliveryEntry(first, { path, sent }) {
  let now = null;
  const name = newId("delivery");
  const line = h("summary", { id: name });
  const facts = h("dl", { class: "delivery-facts" });
  const tries = h("div", { class: "stack" });
  const trouble = h("div", { class: "told" });
  const button = h("button", { class: "button small", type: "button", "aria-describedby": name });
  const update = (delivery) => {
    if (now !== null && now.status !== delivery.status) announce(t("webhooks.now_is", eventName(delivery), t(`webhooks.status_${delivery.status}`)));
    const same = JSON.stringify(now) === JSON.stringify(delivery);
    now = delivery;
    replace(line, summary(delivery)); // how long ago is another every time
    if (same) return;
    replace(facts, pairs(delivery));
    replace(tries, attemptsTable(delivery));
    replace(button, t(delivery.status === "pending" ? "webhooks.try_now" : "webhooks.redeliver"));
  };
  button.addEventListener("click", () => whileBusy(button, async () => {
    replace(trouble);
    try {
      update(await post(`${path}/deliveries/${now.id}/redeliver`));
      notify(t("webhooks.redelivered"));
      sent();
    } catch (problem) {
      replace(trouble, problemBox(problem));
    }
  }));
  update(first);
  const element = h("li", {}, h("details", {}, line, h("div", { class: "stack" }, facts, tries, trouble, h("div", { class: "actions" }, button))));
  const leave = (next) => {
    if (element.contains(document.activeElement)) next.focus();
    element.remove();
    announce(t("webhooks.left", eventName(now)));
  };
  return { element, update, leave, delivery: () => now };
}

function summary(delivery) {
  const { status, attempts, next_attempt_at: next } = delivery;
  const tries = t("webhooks.tries", attempts.length);
  return [
    h("span", { class: `badge ${TONES[status]}` }, t(`webhooks.status_${status}`)),
    h("span", { class: "delivery-event" }, eventName(delivery)),
    h("span", { class: "fine" }, dateTime(delivery.created_at)),
    h("span", { class: "fine" }, status === "pending" && next ? `${tries}, ${t("webhooks.next_try", ago(next))}` : tries),
  ];
}

function pairs(delivery) {
  const pair = (label, value) => h("div", {}, h("dt", {}, label), h("dd", {}, h("code", {}, value)));
  return [pair(t("webhooks.event_id"), delivery.event_id), pair(t("webhooks.job"), delivery.job_id)];
}

function eventName({ type }) {
  return t("webhooks.event_of", t(`webhooks.event_${type.replace("job.", "")}`));
}
