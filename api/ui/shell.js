// The frame around every page: where one can go, who is signed in, which language is spoken.

import { h, replace } from "./kit/elements.js";
import { announcers, notify } from "./kit/announce.js";
import { LANGUAGES, currentLanguage, speak, t } from "./kit/words.js";
import { link } from "./kit/routes.js";
import { account, may } from "./client/session.js";
import { emblem } from "./parts/emblem.js";
import { icon } from "./parts/icons.js";

const PLACES = [
  { name: "try", role: "user" },
  { name: "catalogues", role: "user" },
  { name: "review", role: "reviewer" },
  { name: "overview", role: "user" },
  { name: "models", role: "admin" },
  { name: "webhooks", role: "user" },
  { name: "users", role: "admin" },
];

/** The frame, `{ element, main, mark(name) }`: pages go into `main`, and `mark` says which place is shown. */
export function shell({ onSignOut }) {
  const main = h("main", { id: "main", class: "main", tabindex: "-1" });
  const links = PLACES.filter(({ role }) => may(role)).map(({ name }) =>
    h("a", { href: link(name), "data-place": name }, icon(name), h("span", {}, t(`core.place_${name}`))));
  const menu = h("button", { class: "menu-button", type: "button", "aria-expanded": "false", "aria-controls": "side" }, icon("menu"), h("span", {}, t("core.menu")));
  const side = h("nav", { class: "side", id: "side", "aria-label": t("core.navigation") },
    h("div", { class: "side-places" }, links),
    h("div", { class: "side-foot" },
      h("a", { href: link("account"), "data-place": "account" }, icon("account"), h("span", {}, account.username)),
      h("button", { class: "button quiet", type: "button", onclick: onSignOut }, t("core.sign_out")),
      languageChoice()));
  const open = (wide) => {
    menu.setAttribute("aria-expanded", String(wide));
    side.classList.toggle("open", wide);
  };
  menu.addEventListener("click", () => open(menu.getAttribute("aria-expanded") !== "true"));
  side.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    open(false);
    menu.focus();
  });
  const element = h("div", { class: "shell" },
    h("a", { class: "skip", href: "#main", onclick: (event) => skip(event, main) }, t("core.skip")),
    h("header", { class: "top" }, h("a", { class: "brand", href: link("try") }, emblem(), h("span", {}, "Shelfwise")), menu),
    side, main, announcers());
  const mark = (name) => {
    open(false);
    for (const each of side.querySelectorAll("[data-place]")) {
      if (each.dataset.place === name) each.setAttribute("aria-current", "page");
      else each.removeAttribute("aria-current");
    }
  };
  return { element, main, mark };
}

/** A choice of languages. */
export function languageChoice() {
  const choose = async ({ target }) => {
    try {
      await speak(target.value);
    } catch (error) {
      console.error(error);
      target.value = currentLanguage();
      notify(t("core.no_language"));
    }
  };
  return h("label", { class: "language" },
    h("span", { class: "unseen" }, t("core.language")),
    h("select", { class: "control small", onchange: choose }, Object.entries(LANGUAGES).map(([code, name]) =>
      h("option", { value: code, lang: code, selected: code === currentLanguage() }, name))));
}

/** Put a page into the document's body. */
export function showAlone(element) {
  replace(document.body, element);
}

// `#main` would be taken for a place, so the link moves the focus by itself.
function skip(event, main) {
  event.preventDefault();
  main.focus();
}
