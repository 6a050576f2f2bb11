// A form in a dialog, which stays open until what it is for has been done.

import { h, replace } from "../kit/elements.js";
import { opened } from "../kit/dialog.js";
import { t } from "../kit/words.js";
import { whileBusy } from "./busy.js";
import { clearFaults, faultAtFields } from "./field_problems.js";
import { problemBox } from "./problem.js";

/**
 * Resolves to whether the form was sent. `send` does it, and may throw a Problem, which is told next to the `fields` it
 * is about (see `faultAtFields`, also for `codes`), or above them all; it may return false where it has told a fault itself.
 * The dialog closes when the page is left, which `signal` says.
 */
export async function formDialog({ title, content, action, send, signal, fields = {}, codes = {}, danger = false }) {
  const trouble = h("div", { class: "told" });
  const button = h("button", { class: `button ${danger ? "danger" : "primary"}` }, action);
  const submit = (event) => {
    event.preventDefault();
    return whileBusy(button, async () => {
      replace(trouble);
      clearFaults(fields);
      try {
        if (await send() === false) return;
      } catch (problem) {
        if (!faultAtFields(problem, fields, codes)) replace(trouble, problemBox(problem));
        return;
      }
      dialog.close("sent");
    });
  };
  const close = h("button", { class: "button quiet", type: "button", onclick: () => dialog.close() }, t("core.cancel"));
  const form = h("form", { class: "stack", novalidate: true, onsubmit: submit }, trouble, content, h("div", { class: "actions" }, close, button));
  const { dialog, answer } = opened({ title, content: form });
  signal.addEventListener("abort", () => dialog.close(), { once: true });
  form.querySelector("input:not([hidden]), select, textarea")?.focus();
  return (await answer) === "sent";
}
