// A form in a dialog, which stays open until what it is for has been done.

import { h, replace } from "../kit/elements.js";
import { opened } from "../kit/dialog.js";
import { notify } from "../kit/announce.js";
import { t } from "../kit/words.js";
import { whileBusy } from "./busy.js";
import { clearFaults, faultAtFields } from "./field_problems.js";
import { heldOpen } from "./held_open.js";
import { problemBox, sentences } from "./problem.js";

/**
 * Resolves to whether the form was sent. `send` does it, and may throw a Problem, which is told next to the `fields` it
 * is about (see `faultAtFields`, also for `codes`), or above them all; it may return false where it has told a fault itself.
 * The dialog closes when the page is left, which `signal` says, and by nothing else while the form is being sent. However it
 * was closed, the answer is what came of sending: an account that was made must not be taken for one that was not.
 */
export async function formDialog({ title, content, action, send, signal, fields = {}, codes = {}, danger = false }) {
  const trouble = h("div", { class: "told" });
  const button = h("button", { class: `button ${danger ? "danger" : "primary"}` }, action);
  const close = h("button", { class: "button quiet", type: "button", onclick: () => isBusy() || dialog.close() }, t("core.cancel"));
  const isBusy = () => close.getAttribute("aria-disabled") === "true";
  let outcome = false; // of sending, once it has begun

  async function sent() {
    replace(trouble);
    clearFaults(fields);
    try {
      return await send() !== false;
    } catch (problem) {
      if (!dialog.open) notify(Object.values(sentences(problem)).join(" "));
      else if (!faultAtFields(problem, fields, codes)) replace(trouble, problemBox(problem));
      return false;
    }
  }

  async function submit(event) {
    event.preventDefault();
    if (isBusy()) return;
    close.setAttribute("aria-disabled", "true");
    try {
      outcome = whileBusy(button, sent);
      if (await outcome) dialog.close();
    } finally {
      close.removeAttribute("aria-disabled");
    }
  }

  const form = h("form", { class: "stack", novalidate: true, onsubmit: submit }, trouble, content, h("div", { class: "actions" }, close, button));
  const { dialog, answer } = opened({ title, content: form });
  heldOpen(dialog, isBusy);
  signal.addEventListener("abort", () => dialog.close(), { once: true });
  form.querySelector("input:not([hidden]), select, textarea")?.focus();
  await answer;
  return outcome;
}
