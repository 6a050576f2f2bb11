// A form's field: its label, what helps to fill it in, and what is wrong with what was filled in.

import { h, newId, replace } from "../kit/elements.js";

/**
 * A labelled field, `{ element, control, fault(text) }`. `tag` is `input`, `textarea` or `select`; `attributes` are the
 * control's. `fault` shows an error and marks the control; without a text it takes both back.
 */
export function field({ label, hint = null, tag = "input", attributes = {} }, ...children) {
  const id = newId("field");
  const hintId = hint ? `${id}-hint` : null;
  const wrong = h("p", { class: "field-fault", id: `${id}-fault`, "aria-live": "polite" });
  const control = h(tag, { id, class: "control", "aria-describedby": hintId, ...attributes }, ...children);
  const element = h("div", { class: "field" },
    h("label", { for: id }, label),
    hint ? h("p", { class: "field-hint", id: hintId }, hint) : null,
    control,
    wrong);
  const fault = (text = null) => {
    replace(wrong, text);
    control.setAttribute("aria-describedby", [hintId, text && wrong.id].filter(Boolean).join(" "));
    if (text) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };
  return { element, control, fault };
}
