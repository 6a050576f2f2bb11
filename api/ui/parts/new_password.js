// The field for a new password: its rule is said before, and what was typed can be looked at.

import { h } from "../kit/elements.js";
import { t } from "../kit/words.js";
import { field } from "./field.js";

const SHORTEST = 8;
const LONGEST = 128;

/** A field as `field` makes them, with `isGood()`, which tells the fault of a password that is too short or too long. */
export function newPasswordField({ label, name = "password" }) {
  const password = field({
    label,
    hint: t("secrets.password_rule", SHORTEST, LONGEST),
    attributes: { name, type: "password", autocomplete: "new-password", required: true },
  });
  const look = h("input", { type: "checkbox", onchange: () => { password.control.type = look.checked ? "text" : "password"; } });
  const isGood = () => {
    const { length } = password.control.value;
    if (length >= SHORTEST && length <= LONGEST) return true;
    password.fault(t("secrets.password_length", length, SHORTEST, LONGEST));
    password.control.focus();
    return false;
  };
  const element = h("div", { class: "password-field" }, password.element, h("label", { class: "choice" }, look, t("secrets.show_password")));
  return { ...password, element, isGood };
}
