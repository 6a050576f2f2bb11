// The choice of a role, with what each may do.

import { h, replace } from "../kit/elements.js";
import { t } from "../kit/words.js";
import { field } from "./field.js";

const ROLES = ["user", "reviewer", "admin"];

/** A field as `field` makes them. The sentence below it tells of the role that is chosen. */
export function roleField(chosen = "user") {
  const role = field({ label: t("accounts.role"), tag: "select", attributes: { name: "role", onchange: () => tell() } },
    ROLES.map((each) => h("option", { value: each, selected: each === chosen }, t(`core.role_${each}`))));
  const may = h("p", { class: "field-hint", "aria-live": "polite" });
  const tell = () => replace(may, t(`accounts.may_${role.control.value}`));
  tell();
  role.element.append(may);
  return role;
}
