// Modal dialogs: the browser's own element keeps the focus inside and gives it back.

import { h, newId } from "./elements.js";
import { t } from "./words.js";

/**
 * Ask something, and answer the `value` of the button that was pressed; null when the dialog was closed.
 * `actions`: `[{ value, label, kind }]`, the first one has the focus at first. `content` is a node or a list of nodes.
 */
export function ask(question) {
  return opened(question).answer;
}

/** The same with the dialog at hand, `{ dialog, answer }`, for a content that closes it by itself. */
export function opened({ title, content, actions = [] }) {
  const heading = newId("dialog");
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": heading },
    h("h2", { id: heading }, title),
    content,
    actions.length ? h("form", { method: "dialog", class: "actions" }, actions.map(({ value, label, kind }) => h("button", { value, class: `button ${kind ?? ""}` }, label))) : null);
  document.body.append(dialog);
  dialog.showModal();
  const answer = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
  });
  return { dialog, answer };
}

/** Whether somebody means it: for what cannot be undone. */
export async function confirmed({ title, text, action, danger = false }) {
  const answer = await ask({
    title,
    content: h("p", {}, text),
    actions: [
      { value: "", label: t("core.cancel"), kind: "quiet" },
      { value: "yes", label: action, kind: danger ? "danger" : "primary" },
    ],
  });
  return answer === "yes";
}
