// How the pages look in this browser: their language, and light or dark.

import { h } from "../../kit/elements.js";
import { appearance, chooseAppearance } from "../../kit/appearance.js";
import { LANGUAGES, currentLanguage, speak, t } from "../../kit/words.js";
import { field } from "../../parts/field.js";

const APPEARANCES = ["system", "light", "dark"];

export function displayCard() {
  const language = field({ label: t("account.language"), tag: "select", attributes: { name: "language", onchange: (event) => speak(event.target.value) } },
    Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code, selected: code === currentLanguage() }, name)));
  return h("section", { class: "card stack settings" },
    h("h2", {}, t("account.display")),
    h("p", { class: "fine" }, t("account.display_hint")),
    language.element,
    h("fieldset", {},
      h("legend", {}, t("account.appearance")),
      h("div", { class: "choice-grid" }, APPEARANCES.map(choice))));
}

function choice(name) {
  const radio = h("input", { type: "radio", name: "appearance", value: name, checked: name === appearance(), onchange: () => chooseAppearance(name) });
  return h("label", { class: "choice" }, radio, t(`account.appearance_${name}`));
}
