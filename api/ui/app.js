// Where everything begins: the language, the session, and the page that the address names.

import { h, replace } from "./kit/elements.js";
import { opened } from "./kit/dialog.js";
import { loadWords, t } from "./kit/words.js";
import { showAppearance } from "./kit/appearance.js";
import { go, place } from "./kit/routes.js";
import { leaveStyles, loadStyle } from "./kit/style.js";
import { Problem } from "./client/problem.js";
import { account, may, restore, signOut, whenExpired } from "./client/session.js";
import { loading } from "./parts/busy.js";
import { problemBox } from "./parts/problem.js";
import { pageHead } from "./parts/page_head.js";
import { signInForm } from "./parts/sign_in_form.js";
import { signInPage } from "./pages/sign_in.js";
import { languageChoice, shell, showAlone } from "./shell.js";

// What can be shown, by the first part of the address and whether something follows. Each page has texts under its
// space's name, a `style` sheet and a function `show({ parameters, query, signal })` that resolves to its element; all of it is
// fetched when it is needed.
const PAGES = {
  "try": { load: () => import("./pages/try.js"), space: "try", role: "user" },
  "catalogues": { load: () => import("./pages/catalogues.js"), space: "catalogues", role: "user" },
  "catalogues/": { load: () => import("./pages/catalogue.js"), space: "catalogue", role: "user" },
  "review": { load: () => import("./pages/review.js"), space: "review", role: "reviewer" },
  "overview": { load: () => import("./pages/overview.js"), space: "overview", role: "user" },
  "models": { load: () => import("./pages/models.js"), space: "models", role: "admin" },
  "models/": { load: () => import("./pages/model.js"), space: "models", role: "admin" },
  "webhooks": { load: () => import("./pages/webhooks.js"), space: "webhooks", role: "user" },
  "webhooks/": { load: () => import("./pages/webhook.js"), space: "webhooks", role: "user" },
  "users": { load: () => import("./pages/users.js"), space: "users", role: "admin" },
  "account": { load: () => import("./pages/account.js"), space: "account", role: "user" },
};
const HOME = "try";

let frame = null;
let leaving = new AbortController(); // aborted when the page that is shown is left

start();

async function start() {
  showAppearance();
  await Promise.all([loadWords("core"), loadWords("problems")]);
  whenExpired(askAgain);
  addEventListener("hashchange", showPlace);
  addEventListener("spoken", () => (frame === null ? showSignIn() : translated()));
  try {
    if (await restore()) enter();
    else showSignIn();
  } catch (problem) {
    showAlone(h("main", { class: "welcome" }, problemBox(problem, () => location.reload())));
  }
}

function showSignIn() {
  frame = null;
  document.title = `${t("core.sign_in_title")} · Shelfwise`;
  showAlone(signInPage(enter, languageChoice()));
  document.querySelector("input").focus();
}

function enter() {
  frame = shell({ onSignOut: leave });
  showAlone(frame.element);
  return showPlace();
}

async function leave() {
  leaving.abort();
  frame = null;
  await signOut();
  history.replaceState(null, "", "/");
  location.reload(); // nothing of this account stays in the page's memory
}

/** The page again in another language, with what has been typed. */
async function translated() {
  const typed = [...frame.main.querySelectorAll("[name]")].map(({ name, value, type }) => (type === "file" ? null : [name, value]));
  await enter();
  for (const [name, value] of typed.filter(Boolean)) {
    const control = frame.main.querySelector(`[name="${CSS.escape(name)}"]`);
    if (control && control.type !== "checkbox" && control.type !== "radio") control.value = value;
  }
}

async function showPlace() {
  if (frame === null) return;
  const { name, parameters, query } = place();
  if (name === "") {
    go(HOME);
    return;
  }
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const page = PAGES[parameters.length ? `${name}/` : name];
  const content = page === undefined ? notFound() : may(page.role) ? await shown(page, { parameters, query, signal }) : notAllowed();
  if (signal.aborted) return; // somebody has gone on meanwhile
  frame.mark(name);
  replace(frame.main, content);
  const heading = frame.main.querySelector("h1");
  document.title = `${heading.textContent} · Shelfwise`;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}

async function shown(page, where) {
  replace(frame.main, loading());
  leaveStyles();
  try {
    const show = await fetched(page);
    return await show(where);
  } catch (problem) {
    if (where.signal.aborted) return null;
    return [pageHead(t("core.did_not_work")), problemBox(problem, showPlace)];
  }
}

async function fetched(page) {
  try {
    const [{ show, style }] = await Promise.all([page.load(), loadWords(page.space)]);
    await loadStyle(style);
    return show;
  } catch (error) {
    console.error(error);
    throw Problem.network(); // a file of the page did not come
  }
}

function notFound() {
  return [pageHead(t("core.no_such_page")), h("p", {}, t("core.no_such_page_todo"))];
}

function notAllowed() {
  return [pageHead(t("core.not_allowed")), h("p", {}, t("core.not_allowed_todo", account.role))];
}

/**
 * Ask the same account to sign in again over the page, which stays as it is. Throws a Problem when the dialog is closed
 * instead; the next call asks again.
 */
async function askAgain() {
  const done = () => dialog.close("in");
  const content = [h("p", {}, t("core.expired_text")), signInForm(done, account.username), h("button", { class: "button quiet wide", type: "button", onclick: leave }, t("core.sign_out"))];
  const { dialog, answer } = opened({ title: t("core.expired_title"), content });
  dialog.querySelector("[type=password]").focus();
  if ((await answer) !== "in") throw new Problem({ status: 401, code: "UNAUTHENTICATED", detail: t("core.expired_text") });
}
