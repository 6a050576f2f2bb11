// What is wrong with a chosen file, and what to do about it.

import { h } from "../../kit/elements.js";
import { hasText, t } from "../../kit/words.js";

/** A box for a FileTrouble. Where the service would say the same of the file, it is said in the same words. */
export function troubleBox({ code, values, isFinal }, filename) {
  const space = hasText(`catalogues.trouble_${code}`) ? `catalogues.trouble_${code}` : `problems.${code}`;
  return h("div", { class: `alert ${isFinal ? "bad" : "warn"}`, role: "alert" },
    isFinal ? h("p", { class: "fine" }, filename) : null,
    h("p", { class: "alert-what" }, t(space, values)),
    h("p", {}, t(`${space}.todo`, values)));
}
