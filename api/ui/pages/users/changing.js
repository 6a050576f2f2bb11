// Changing an account: its role, whether it may sign in, its password or secret; and deleting it.

import { h } from "../../kit/elements.js";
import { notify } from "../../kit/announce.js";
import { t } from "../../kit/words.js";
import { patch, post, remove } from "../../client/api.js";
import { account } from "../../client/session.js";
import { formDialog } from "../../parts/form_dialog.js";
import { newPasswordField } from "../../parts/new_password.js";
import { roleField } from "../../parts/role_field.js";
import { showSecret } from "./adding.js";

/** Whether this is the account that is signed in. */
export const isOwn = (user) => user.id === account.id;

/** Another role, or another answer to whether it may sign in. Resolves to the account as it is then; null if nobody has changed it. */
export async function changeAccount(user, signal) {
  const role = roleField(user.role);
  const mayIn = h("input", { type: "checkbox", name: "enabled", checked: !user.disabled });
  let changed = null;
  const send = async () => {
    const changes = {};
    if (role.control.value !== user.role) changes.role = role.control.value;
    if (mayIn.checked === user.disabled) changes.disabled = !mayIn.checked;
    changed = Object.keys(changes).length ? await patch(`/api/users/${user.id}`, changes) : user;
    return true;
  };
  const sent = await formDialog({
    title: t("users.change_title", user.username),
    content: [
      role.element,
      isOwn(user) ? null : h("label", { class: "choice" }, mayIn, t("users.may_sign_in")),
      h("p", { class: "fine" }, t(isOwn(user) ? "users.change_own" : "users.change_text")),
    ],
    action: t("core.save"),
    fields: { role },
    codes: { LAST_ADMIN: "role" },
    send,
    signal,
  });
  if (!sent || changed === user) return null;
  if (isOwn(changed)) location.reload(); // the session has ended: whoever it was signs in anew, for the new role's pages
  notify(t("users.changed", user.username));
  return changed;
}

/** A new password for a person. */
export async function changePassword(user, signal) {
  const password = newPasswordField({ label: t("users.new_password") });
  const send = async () => {
    if (!password.isGood()) return false;
    await patch(`/api/users/${user.id}`, { password: password.control.value });
    return true;
  };
  const sent = await formDialog({
    title: t("users.password_title", user.username),
    content: [h("p", {}, t("users.password_text")), password.element, h("p", { class: "fine" }, t("users.password_tell"))],
    action: t("users.set"),
    fields: { password },
    codes: { WEAK_PASSWORD: "password" },
    send,
    signal,
  });
  if (sent) notify(t("users.password_set", user.username));
}

/** A new secret for a service. */
export async function changeSecret(user, signal) {
  let answer = null;
  const send = async () => {
    answer = await post(`/api/users/${user.id}/secret`);
    return true;
  };
  const sent = await formDialog({
    title: t("users.secret_title", user.username), content: h("p", {}, t("users.secret_text")), action: t("users.secret_make"), danger: true, send, signal,
  });
  if (sent) await showSecret(t("users.secret_made", user.username), answer.client_id, answer.client_secret, signal);
}

/** Ask whether somebody means it, and delete the account. Resolves to whether it is gone. */
export async function deleteAccount(user, signal) {
  const gone = await formDialog({
    title: t("users.delete_title", user.username),
    content: [h("p", {}, t("users.delete_text")), user.disabled ? null : h("p", {}, t("users.delete_instead"))],
    action: t("core.remove"),
    danger: true,
    send: () => remove(`/api/users/${user.id}`),
    signal,
  });
  if (gone) notify(t("users.deleted", user.username));
  return gone;
}
