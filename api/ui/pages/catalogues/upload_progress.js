// How far a file is on its way: bytes, share and rate, and a button that stops it.

import { announce } from "../../kit/announce.js";
import { h, replace } from "../../kit/elements.js";
import { bytes, percent, t } from "../../kit/words.js";

const SAID_EVERY = 0.25; // of the whole, to those who hear it

/** `{ element, update(upload), focus() }`; an upload of null is none. */
export function uploadProgress(stop) {
  const bar = h("progress", { max: "1", "aria-label": t("catalogues.progress") });
  const words = h("p", { class: "number" });
  const button = h("button", { class: "button", type: "button", onclick: () => button.getAttribute("aria-disabled") === "true" || stop() }, t("catalogues.stop"));
  const element = h("div", { class: "stack upload", hidden: true }, bar, h("div", { class: "actions upload-foot" }, words, button));
  let said = 0;
  const update = (upload) => {
    element.hidden = upload === null;
    button.removeAttribute("aria-disabled");
    if (upload === null) {
      said = 0;
      return;
    }
    const share = upload.total ? upload.sent / upload.total : 0;
    if (share >= 1) button.setAttribute("aria-disabled", "true"); // it is in the service's hands, and may be a job already
    bar.value = share;
    replace(words, share < 1 ? t("catalogues.sending", bytes(upload.sent), bytes(upload.total), percent(share), upload.rate === null ? null : bytes(upload.rate)) : t("catalogues.storing"));
    if (share >= 1 && said < 1) announce(t("catalogues.storing"));
    else if (share - said >= SAID_EVERY) announce(t("catalogues.sent_share", percent(share)));
    else return;
    said = share;
  };
  return { element, update, focus: () => button.focus() };
}
