// What can be done with a webhook: test it, change it, pause it, give it another secret, delete it.

import { h, replace } from "../../kit/elements.js";
import { notify } from "../../kit/announce.js";
import { duration, t } from "../../kit/words.js";
import { go } from "../../kit/routes.js";
import { patch, post, remove } from "../../client/api.js";
import { whileBusy } from "../../parts/busy.js";
import { formDialog } from "../../parts/form_dialog.js";
import { problemBox } from "../../parts/problem.js";
import { secretDialog } from "../../parts/secret_dialog.js";
import { whatCame } from "./attempts.js";
import { webhookForm } from "./form.js";

/** `{ element, update(webhook) }`. `changed` is called with the webhook as it is after a change. */
export function actionsOf(first, { path, signal, changed }) {
  let webhook = first;
  const told = h("div", { class: "told", role: "status" });
  const button = (label, kind, act) => {
    const made = h("button", { class: `button ${kind}`, type: "button" }, label);
    made.addEventListener("click", () => whileBusy(made, async () => {
      replace(told);
      try {
        await act();
      } catch (problem) {
        replace(told, problemBox(problem));
      }
    }));
    return made;
  };
  const pause = button("", "", async () => {
    const now = await patch(path, { active: !webhook.active });
    notify(t(now.active ? "webhooks.active_now" : "webhooks.paused_now"));
    changed(now);
  });
  const update = (now) => {
    webhook = now;
    replace(pause, t(webhook.active ? "webhooks.pause" : "webhooks.activate"));
  };
  update(first);
  const buttons = [
    button(t("webhooks.test"), "primary", async () => replace(told, testResult(await post(`${path}/test`)))),
    pause,
    button(t("webhooks.change"), "", () => change(webhook, { path, signal, changed })),
    button(t("webhooks.rotate"), "", () => rotate({ path, signal, changed })),
    button(t("core.remove"), "danger", () => erase({ path, signal })),
  ];
  return { element: h("div", { class: "stack" }, h("div", { class: "actions" }, buttons), told), update };
}

function testResult(came) {
  const took = duration(came.seconds);
  const sentence = came.delivered ? t("webhooks.test_arrived", came.status, took)
    : came.status === null ? t("webhooks.test_failed", took) : t("webhooks.test_refused", came.status, took);
  return h("div", { class: `alert ${came.delivered ? "good" : "bad"}` },
    h("p", { class: "alert-what" }, sentence),
    came.response || came.error ? h("div", { class: "whole-line" }, whatCame(came)) : null);
}

async function change(webhook, { path, signal, changed }) {
  let now = null;
  const send = async ({ url, ...filters }) => {
    now = await patch(path, url === webhook.url ? filters : { url, ...filters });
  };
  if (!await webhookForm({ title: t("webhooks.change_title"), action: t("core.save"), webhook, send, signal })) return;
  notify(t("webhooks.changed"));
  changed(now);
}

async function rotate({ path, signal, changed }) {
  let answer = null;
  const send = async () => {
    answer = await post(`${path}/rotate`);
  };
  const sent = await formDialog({
    title: t("webhooks.rotate_title"), content: h("p", {}, t("webhooks.rotate_text")), action: t("webhooks.rotate_make"), send, signal,
  });
  if (!sent) return;
  changed({ previous_secret_until: answer.previous_secret_until });
  await secretDialog({ title: t("webhooks.rotated"), values: [{ label: t("webhooks.secret"), value: answer.secret }], signal });
}

async function erase({ path, signal }) {
  const gone = await formDialog({
    title: t("webhooks.delete_title"), content: h("p", {}, t("webhooks.delete_text")), action: t("core.remove"), danger: true, send: () => remove(path), signal,
  });
  if (!gone) return;
  notify(t("webhooks.deleted"));
  if (!signal.aborted) go("webhooks");
}
