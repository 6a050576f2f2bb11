// Where everything begins: the language, the session, and the page that the address names.

import { notify } from "./kit/announce.js";
import { h, replace } from "./kit/elements.js";
import { confirmed, opened } from "./kit/dialog.js";
import { loadWords, t } from "./kit/words.js";
import { showAppearance } from "./kit/appearance.js";
import { goInstead, place } from "./kit/routes.js";
import { leaveStyles, loadStyle } from "./kit/style.js";
import { Problem } from "./client/problem.js";
import { account, may, restore, signOut, whenExpired } from "./client/session.js";
import { loading } from "./parts/busy.js";
import { problemBox, sentences } from "./parts/problem.js";
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
let declinedAt = -1; // when somebody closed the question for the password: it comes again once they have done something
let usedAt = 0; // when a key or a pointer was pressed last

start();

async function start() {
  showAppearance();
  await Promise.all([loadWords("core"), loadWords("problems")]);
  whenExpired(askAgain);
  addEventListener("hashchange", showPlace);
  for (const type of ["dragover", "drop"]) addEventListener(type, notElsewhere);
  for (const type of ["keydown", "pointerdown"]) addEventListener(type, noteUse, { capture: true });
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
  if (isUnsaved() && !(await confirmed({ title: t("core.unsaved_title"), text: t("core.unsaved_text"), action: t("core.sign_out"), danger: true }))) return;
  try {
    await signOut();
  } catch (problem) {
    const { what, todo } = sentences(problem);
    notify(`${t("core.still_signed_in")} ${what} ${todo}`);
    return;
  }
  leaving.abort();
  history.replaceState(null, "", "/");
  showSignIn();
  location.reload(); // nothing of this account stays in the page's memory
}

/** Whether something is on its way that would be lost: who sends it asks before the page is left. */
function isUnsaved() {
  const question = new Event("beforeunload", { cancelable: true });
  dispatchEvent(question);
  return question.defaultPrevented;
}

function noteUse({ timeStamp }) {
  usedAt = timeStamp;
}

/** A file that is dropped beside the place for it would be opened by the browser, and the page be left. */
function notElsewhere(event) {
  if (event.defaultPrevented || !event.dataTransfer.types.includes("Files")) return; // it was dropped where it belongs
  event.preventDefault();
  event.dataTransfer.dropEffect = "none";
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
    goInstead(HOME);
    return;
  }
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const page = parameters.includes(null) ? undefined : PAGES[parameters.length ? `${name}/` : name];
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
    const show = await fetched(page, where.signal);
    return await show(where);
  } catch (problem) {
    if (where.signal.aborted) return null;
    return [pageHead(t("core.did_not_work")), problemBox(problem, showPlace)];
  }
}

async function fetched(page, signal) {
  try {
    const [{ show, style }] = await Promise.all([page.load(), loadWords(page.space)]);
    await loadStyle(style, signal);
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
  return [pageHead(t("core.not_allowed")), h("p", {}, t("core.not_allowed_todo", t(`core.role_${account.role}`)))];
}

/**
 * Ask the same account to sign in again over the page, which stays as it is. Throws a Problem when the dialog is closed
 * instead: what somebody does next asks again, what the page does by itself does not.
 */
async function askAgain() {
  const refused = new Problem({ status: 401, code: "UNAUTHENTICATED", detail: t("core.expired_text") });
  if (account === null || usedAt < declinedAt) throw refused;
  const done = () => dialog.close("in");
  const content = [h("p", {}, t("core.expired_text")), signInForm(done, account.username), h("button", { class: "button quiet wide", type: "button", onclick: leave }, t("core.sign_out"))];
  const { dialog, answer } = opened({ title: t("core.expired_title"), content });
  dialog.querySelector("[type=password]").focus();
  if ((await answer) === "in") return;
  declinedAt = performance.now();
  throw refused;
}
