// Adding an account: a person with a password, or a service, whose secret is shown once.

import { h } from "../../kit/elements.js";
import { notify } from "../../kit/announce.js";
import { t } from "../../kit/words.js";
import { post } from "../../client/api.js";
import { field } from "../../parts/field.js";
import { formDialog } from "../../parts/form_dialog.js";
import { newPasswordField } from "../../parts/new_password.js";
import { roleField } from "../../parts/role_field.js";
import { secretDialog } from "../../parts/secret_dialog.js";

const USERNAME = /^[A-Za-z0-9._@-]{1,64}$/;
const CODES = { USERNAME_TAKEN: "username", WEAK_PASSWORD: "password" };

/** Ask for a person's name, password and role, and make the account. Resolves to whether there is one. */
export async function addPerson(signal) {
  const username = usernameField();
  const password = newPasswordField({ label: t("users.password") });
  const role = roleField();
  const send = async () => {
    if (!isName(username) || !password.isGood()) return false;
    await post("/api/users", { username: username.control.value, password: password.control.value, role: role.control.value });
    return true;
  };
  const made = await formDialog({
    title: t("users.add_person"),
    content: [username.element, password.element, h("p", { class: "fine" }, t("users.password_tell")), role.element],
    action: t("users.add"),
    fields: { username, password, role },
    codes: CODES,
    send,
    signal,
  });
  if (made) notify(t("users.added", username.control.value));
  return made;
}

/** The same for a service. */
export async function addService(signal) {
  const username = usernameField();
  const role = roleField();
  let service = null;
  const send = async () => {
    if (!isName(username)) return false;
    service = await post("/api/users", { username: username.control.value, is_service: true, role: role.control.value });
    return true;
  };
  const made = await formDialog({
    title: t("users.add_service"),
    content: [h("p", {}, t("users.service_lead")), username.element, role.element],
    action: t("users.add"),
    fields: { username, role },
    codes: CODES,
    send,
    signal,
  });
  if (made) await showSecret(t("users.service_added", service.username), service.username, service.client_secret, signal);
  return made;
}

/** Show a service's id and its secret. Resolves when somebody has kept them. */
export function showSecret(title, clientId, secret, signal) {
  const values = [{ label: t("users.client_id"), value: clientId }, { label: t("users.client_secret"), value: secret }];
  return secretDialog({ title, values, content: h("p", { class: "fine" }, t("users.service_how")), signal });
}

function usernameField() {
  return field({
    label: t("users.username"),
    hint: t("users.username_rule"),
    attributes: { name: "username", autocomplete: "off", autocapitalize: "none", spellcheck: "false", required: true, maxlength: 64 },
  });
}

function isName(username) {
  if (USERNAME.test(username.control.value)) return true;
  username.fault(t("users.username_fault"));
  username.control.focus();
  return false;
}
