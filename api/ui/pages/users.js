// Users: everybody who may use the service, and what an administrator does about them.

import { h } from "../kit/elements.js";
import { dateTime, loadWords, number, t } from "../kit/words.js";
import { link } from "../kit/routes.js";
import { get } from "../client/api.js";
import { cardTable, headCell, cell } from "../parts/card_table.js";
import { pageHead } from "../parts/page_head.js";
import { pages } from "../parts/pages.js";
import { addPerson, addService } from "./users/adding.js";
import { changeAccount, changePassword, changeSecret, deleteAccount, isOwn } from "./users/changing.js";

export const style = "settings";
const A_PAGE = 50;

export async function show({ signal }) {
  await Promise.all([loadWords("accounts"), loadWords("secrets")]);
  const list = pages({
    fetchPage: (cursor) => get("/api/users", { query: { limit: A_PAGE, cursor }, signal }),
    draw: (users) => table(users, signal, emptied),
    empty: () => null, // there is always who looks at it
    range: (first, last) => t("users.range", number(first), number(last)),
    signal,
  });
  function emptied() {
    head.querySelector("h1").focus();
    return list.open();
  }
  const adding = (label, kind, add) => {
    const pressed = async () => (await add(signal)) && !signal.aborted && list.again();
    return h("button", { class: `button ${kind}`, type: "button", onclick: pressed }, label);
  };
  const head = pageHead(t("users.title"), t("users.lead"), [adding(t("users.add_service"), "", addService), adding(t("users.add_person"), "primary", addPerson)]);
  await list.open();
  return [head, list.element];
}

function table(users, signal, emptied) {
  const columns = [t("users.name"), t("accounts.role"), t("users.kind"), t("users.state"), t("users.since"), t("users.actions")];
  return cardTable({ label: t("users.list"), columns, rows: users.map((user) => row(user, signal, emptied)) });
}

function row(user, signal, emptied) {
  const element = h("tr", { role: "row" },
    headCell(h("span", { class: "name" }, user.username), isOwn(user) ? h("span", { class: "badge accent" }, t("users.you")) : null),
    cell(t("accounts.role"), t(`core.role_${user.role}`)),
    cell(t("users.kind"), t(user.is_service ? "users.service" : "users.person")),
    cell(t("users.state"), h("span", { class: `badge ${user.disabled ? "warn" : "good"}` }, t(user.disabled ? "users.disabled" : "users.enabled"))),
    cell(t("users.since"), dateTime(user.created_at, { dateStyle: "medium" })),
    cell(t("users.actions"), h("div", { class: "actions" }, actions(user, signal, (changed) => exchange(element, changed, signal, emptied)))));
  return element;
}

function actions(user, signal, exchanged) {
  const of = (label, act, kind = "") =>
    h("button", { class: `button small ${kind}`, type: "button", onclick: act }, label, h("span", { class: "unseen" }, ` ${user.username}`));
  const change = of(t("users.change"), async () => {
    const changed = await changeAccount(user, signal);
    if (changed) exchanged(changed);
  });
  if (isOwn(user)) return [change, h("a", { class: "button small", href: link("account") }, t("users.new_password"))];
  return [
    change,
    user.is_service
      ? of(t("users.new_secret"), () => changeSecret(user, signal))
      : of(t("users.new_password"), () => changePassword(user, signal)),
    of(t("core.remove"), async () => (await deleteAccount(user, signal)) && exchanged(null), "danger"),
  ];
}

// The focus stays where it was: on the same row's first button, or on that of the row that has moved up.
function exchange(element, changed, signal, emptied) {
  if (signal.aborted) return;
  const stays = changed ? row(changed, signal, emptied) : element.nextElementSibling ?? element.previousElementSibling;
  if (changed) element.replaceWith(stays);
  else element.remove();
  if (stays === null) emptied();
  else stays.querySelector("button").focus();
}
