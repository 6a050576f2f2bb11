// How a receiver checks that it is this service that has sent.

import { h } from "../../kit/elements.js";
import { t } from "../../kit/words.js";

export function checking() {
  return h("details", { class: "card checking" },
    h("summary", {}, t("webhooks.check_title")),
    h("div", { class: "stack" }, h("p", { class: "prose" }, t("webhooks.check_text")), h("p", { class: "prose" }, t("webhooks.check_docs"))));
}
