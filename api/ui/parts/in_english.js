// What the service writes down in English alone, such as why a bundle was refused: it says which language it is in.

import { h } from "../kit/elements.js";

/** Such a sentence within a text of the page. */
export function inEnglish(sentence) {
  return h("span", { lang: "en" }, sentence);
}

/** What is told, `{ what, reason }`, with the service's own reason where there is one. */
export function withReason({ what, reason }) {
  return reason === undefined ? what : [what, " ", inEnglish(reason)];
}
