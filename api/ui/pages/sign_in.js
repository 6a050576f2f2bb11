// The first page: who are you, and what is this.

import { h } from "../kit/elements.js";
import { t } from "../kit/words.js";
import { signInForm } from "../parts/sign_in_form.js";
import { emblem } from "../parts/emblem.js";

/** The page's element; `done` is called once somebody has signed in. `languages` chooses the language. */
export function signInPage(done, languages) {
  return h("div", { class: "welcome" },
    h("main", { class: "welcome-card", id: "main" },
      h("div", { class: "brand large" }, emblem(), h("span", {}, "Shelfwise")),
      h("h1", { tabindex: "-1" }, t("core.sign_in_title")),
      h("p", { class: "lead" }, t("core.what_it_is")),
      signInForm(done),
      h("p", { class: "fine" }, t("core.no_account"))),
    h("footer", { class: "welcome-foot" }, languages));
}
