// Webhooks: all of one's own, and how they do.

import { h } from "../kit/elements.js";
import { dateTime, loadWords, number, t } from "../kit/words.js";
import { go, link } from "../kit/routes.js";
import { get, post } from "../client/api.js";
import { nothing } from "../parts/busy.js";
import { cardTable, cell, headCell } from "../parts/card_table.js";
import { pageHead } from "../parts/page_head.js";
import { pages } from "../parts/pages.js";
import { secretDialog } from "../parts/secret_dialog.js";
import { checking } from "./webhook/checking.js";
import { webhookForm } from "./webhook/form.js";
import { stateBadge, toldOf } from "./webhook/state.js";

export const style = "settings";
const A_PAGE = 50;

export async function show({ signal }) {
  await loadWords("secrets");
  const list = pages({
    fetchPage: (cursor) => get("/api/webhooks", { query: { limit: A_PAGE, cursor }, signal }),
    draw: table,
    empty: () => nothing(t("webhooks.none")),
    range: (first, last) => t("webhooks.range", number(first), number(last)),
    signal,
  });
  await list.open();
  const add = h("button", { class: "button primary", type: "button", onclick: () => register(signal) }, t("webhooks.register"));
  return [pageHead(t("webhooks.title"), t("webhooks.lead"), [add]), h("div", { class: "stack" }, list.element, checking())];
}

async function register(signal) {
  let made = null;
  const send = async (wanted) => {
    made = await post("/api/webhooks", wanted);
  };
  const sent = await webhookForm({ title: t("webhooks.register"), action: t("webhooks.register"), send, signal });
  if (!sent) return;
  await secretDialog({
    title: t("webhooks.registered"),
    values: [{ label: t("webhooks.secret"), value: made.secret }],
    content: h("p", {}, t("webhooks.secret_next")),
    signal,
  });
  if (!signal.aborted) go("webhooks", made.id);
}

function table(webhooks) {
  const columns = [t("webhooks.address"), t("webhooks.told_of"), t("webhooks.state"), t("webhooks.since")];
  return cardTable({ label: t("webhooks.list"), columns, rows: webhooks.map(row) });
}

function row(webhook) {
  return h("tr", { role: "row" },
    headCell(h("a", { href: link("webhooks", webhook.id) }, webhook.url)),
    cell(t("webhooks.told_of"), h("span", { class: "wraps" }, toldOf(webhook))),
    cell(t("webhooks.state"), stateBadge(webhook)),
    cell(t("webhooks.since"), dateTime(webhook.created_at, { dateStyle: "medium" })));
}
