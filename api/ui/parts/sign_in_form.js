// Name and password: on the first page, and over any other when a session has ended.

import { h, replace } from "../kit/elements.js";
import { t } from "../kit/words.js";
import { signIn } from "../client/session.js";
import { whileBusy } from "./busy.js";
import { field } from "./field.js";
import { problemBox } from "./problem.js";

/** A form that signs in and then calls `done`. With a `username` only that one can come back. */
export function signInForm(done, username = null) {
  const name = field({ label: t("core.username"), attributes: { name: "username", autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false", value: username ?? "", readonly: username !== null } });
  const password = field({ label: t("core.password"), attributes: { name: "password", type: "password", autocomplete: "current-password", required: true } });
  const button = h("button", { class: "button primary wide" }, t("core.sign_in"));
  const trouble = h("div", {});
  const submit = (event) => {
    event.preventDefault();
    return whileBusy(button, async () => {
      replace(trouble);
      try {
        await signIn(name.control.value.trim(), password.control.value);
      } catch (problem) {
        replace(trouble, problemBox(problem));
        password.control.select();
        return;
      }
      await done();
    });
  };
  return h("form", { class: "sign-in-form", onsubmit: submit }, trouble, name.element, password.element, button);
}
