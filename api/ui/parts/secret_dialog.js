// A secret that the service tells once: it can be copied, and the dialog does not close by accident.

import { h, replace } from "../kit/elements.js";
import { opened } from "../kit/dialog.js";
import { t } from "../kit/words.js";
import { field } from "./field.js";
import { heldOpen } from "./held_open.js";

/** Show what can be copied, `[{ label, value }]`, and some more `content`. Resolves when it was closed. */
export async function secretDialog({ title, values, content = null, signal }) {
  const heard = h("p", { class: "unseen", role: "status" }); // in the dialog: what is outside of it is not read out while it is open
  const { dialog, answer } = opened({
    title,
    content: h("div", { class: "stack" },
      h("p", { class: "alert warn" }, t("secrets.once")),
      values.map((value) => copiedField(value, heard)),
      content,
      h("div", { class: "actions" }, h("button", { class: "button primary", type: "button", onclick: () => dialog.close() }, t("secrets.kept"))),
      heard),
  });
  heldOpen(dialog);
  signal.addEventListener("abort", () => dialog.close(), { once: true });
  await answer;
}

function copiedField({ label, value }, heard) {
  const shown = field({ label, attributes: { class: "control mono", readonly: true, value, spellcheck: "false" } });
  const button = h("button", { class: "button", type: "button" }, t("secrets.copy"), h("span", { class: "unseen" }, ` ${label}`));
  button.addEventListener("click", async () => {
    const done = await copied(shown.control);
    if (done) button.firstChild.data = t("secrets.copied");
    replace(heard, done ? button.textContent : t("secrets.copy_by_hand"));
    shown.fault(done ? null : t("secrets.copy_by_hand"));
  });
  return h("div", { class: "with-button" }, shown.element, button);
}

// Browsers lend the clipboard to pages by https and on this machine only; elsewhere the text is marked, to be copied by hand.
async function copied(control) {
  try {
    await navigator.clipboard.writeText(control.value);
    return true;
  } catch {
    control.focus();
    control.select();
    return false;
  }
}
