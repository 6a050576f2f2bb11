// One's own account: who one is, what one has used, the password, and how the pages look.

import { h } from "../kit/elements.js";
import { dateTime, loadWords, t } from "../kit/words.js";
import { account } from "../client/session.js";
import { pageHead } from "../parts/page_head.js";
import { displayCard } from "./account/display.js";
import { passwordCard } from "./account/password.js";
import { usageCard } from "./account/usage.js";

export const style = "settings";

export async function show({ signal }) {
  await Promise.all([loadWords("accounts"), loadWords("secrets")]);
  return [
    pageHead(t("account.title")),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, whoCard(), await usageCard(signal)),
      h("div", { class: "stack" }, passwordCard(), displayCard())),
  ];
}

function whoCard() {
  return h("section", { class: "card" },
    h("h2", {}, t("account.who")),
    h("dl", { class: "own-facts" },
      h("dt", {}, t("account.username")), h("dd", {}, account.username),
      h("dt", {}, t("accounts.role")), h("dd", {}, t(`core.role_${account.role}`), h("p", { class: "fine" }, t(`accounts.may_${account.role}`))),
      h("dt", {}, t("account.since")), h("dd", {}, dateTime(account.created_at, { dateStyle: "long" }))));
}
