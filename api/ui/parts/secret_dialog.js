// A secret that the service tells once: it can be copied, and the dialog does not close by accident.

import { h } from "../kit/elements.js";
import { announce } from "../kit/announce.js";
import { opened } from "../kit/dialog.js";
import { t } from "../kit/words.js";
import { field } from "./field.js";

/** Show what can be copied, `[{ label, value }]`, and some more `content`. Resolves when it was closed. */
export async function secretDialog({ title, values, content = null, signal }) {
  const { dialog, answer } = opened({
    title,
    content: h("div", { class: "stack" },
      h("p", { class: "alert warn" }, t("secrets.once")),
      values.map(copiedField),
      content,
      h("div", { class: "actions" }, h("button", { class: "button primary", type: "button", onclick: () => dialog.close() }, t("secrets.kept")))),
  });
  dialog.addEventListener("cancel", (event) => event.preventDefault()); // Escape: the secret would be lost
  signal.addEventListener("abort", () => dialog.close(), { once: true });
  await answer;
}

function copiedField({ label, value }) {
  const shown = field({ label, attributes: { class: "control mono", readonly: true, value, spellcheck: "false" } });
  const button = h("button", { class: "button", type: "button" }, t("secrets.copy"), h("span", { class: "unseen" }, ` ${label}`));
  button.addEventListener("click", async () => {
    const done = await copied(shown.control);
    if (done) button.firstChild.data = t("secrets.copied");
    announce(t(done ? "secrets.copied" : "secrets.copy_by_hand"));
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
