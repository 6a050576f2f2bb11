// Changing one's password. All sessions end with the old one, so the page signs in with the new one at once.

import { h, replace } from "../../kit/elements.js";
import { notify } from "../../kit/announce.js";
import { t } from "../../kit/words.js";
import { post } from "../../client/api.js";
import { account, signIn } from "../../client/session.js";
import { whileBusy } from "../../parts/busy.js";
import { field } from "../../parts/field.js";
import { clearFaults, faultAtFields } from "../../parts/field_problems.js";
import { newPasswordField } from "../../parts/new_password.js";
import { problemBox, sentences } from "../../parts/problem.js";

const CODES = { WRONG_PASSWORD: "current_password", WEAK_PASSWORD: "new_password" };

export function passwordCard() {
  const current = field({
    label: t("account.current"),
    attributes: { name: "current_password", type: "password", autocomplete: "current-password", required: true },
  });
  const renewed = newPasswordField({ label: t("account.new"), name: "new_password" });
  const fields = { current_password: current, new_password: renewed };
  const trouble = h("div", { class: "told" });
  const button = h("button", { class: "button primary" }, t("account.change"));
  const form = h("form", { class: "stack", novalidate: true },
    trouble,
    h("input", { type: "text", name: "username", autocomplete: "username", value: account.username, hidden: true }), // for password managers
    current.element, renewed.element, h("div", { class: "actions" }, button));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    return whileBusy(button, async () => {
      replace(trouble);
      clearFaults(fields);
      if (!isThere(current) || !renewed.isGood()) return;
      try {
        await post("/api/users/me/password", { current_password: current.control.value, new_password: renewed.control.value });
      } catch (problem) {
        if (!faultAtFields(problem, fields, CODES)) replace(trouble, problemBox(problem));
        return;
      }
      const password = renewed.control.value;
      form.reset();
      renewed.control.type = "password"; // it may have been looked at
      replace(trouble, await signedOut(password));
    });
  });
  return h("section", { class: "card stack settings" }, h("h2", {}, t("account.password")), h("p", { class: "fine" }, t("account.password_lead")), form);
}

/** Sign in with the new password. Resolves to what to say where that fails: the password is another one all the same. */
async function signedOut(password) {
  try {
    await signIn(account.username, password);
  } catch (problem) {
    return h("div", { class: "alert warn", role: "alert" },
      h("p", { class: "alert-what" }, t("account.changed_only", sentences(problem).what)),
      h("p", {}, t("account.changed_only_todo")),
      h("button", { class: "button", type: "button", onclick: () => location.reload() }, t("core.sign_in")));
  }
  notify(t("account.changed"));
  return null;
}

function isThere(current) {
  if (current.control.value !== "") return true;
  current.fault(t("account.current_missing"));
  current.control.focus();
  return false;
}
