// The head of every page: its heading, which gets the focus when somebody comes, a sentence, and what can be done.

import { h } from "../kit/elements.js";

/** `actions` are buttons or links. The heading's text is the page's title, too. */
export function pageHead(title, lead = null, actions = []) {
  return h("header", { class: "page-head" },
    h("div", {},
      h("h1", { tabindex: "-1" }, title),
      lead ? h("p", { class: "lead" }, lead) : null),
    actions.length ? h("div", { class: "actions" }, actions) : null);
}
