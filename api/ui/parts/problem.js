// Telling what went wrong: what happened, in which field, and what to do about it.

import { h } from "../kit/elements.js";
import { hasText, number, t } from "../kit/words.js";
import { Problem } from "../client/problem.js";
import { faultSentences } from "./fault.js";

/** A box that says what happened and what to do. `again` is what the button "Try again" does, where that helps. */
export function problemBox(problem, again = null) {
  const { what, todo } = sentences(problem);
  return h("div", { class: "alert bad", role: "alert" },
    h("p", { class: "alert-what" }, what),
    fields(problem),
    h("p", {}, todo),
    problem.requestId && problem.status >= 500 ? h("p", { class: "fine" }, t("core.request_id", problem.requestId)) : null,
    again ? h("button", { class: "button", type: "button", onclick: again }, t("core.try_again")) : null);
}

/** The same in two sentences, `{ what, todo }`. Throws what is no Problem on: a mistake of the page. */
export function sentences(problem) {
  if (!(problem instanceof Problem)) throw problem;
  const { code, status, detail, retryAfter } = problem;
  const what = hasText(`problems.${code}`) ? t(`problems.${code}`, problem) : detail || t("core.status", status);
  const todo = hasText(`problems.${code}.todo`) ? t(`problems.${code}.todo`, problem) : t(`core.todo_${kind(status)}`);
  return { what, todo: retryAfter && status === 429 ? `${todo} ${t("core.retry_after", number(retryAfter))}` : todo };
}

/** The sentence for a field's error `{ code, message }` of a problem. */
export function fieldSentence(error) {
  return faultSentences(error).what;
}

function fields(problem) {
  if (problem.errors.length < 2 && problem.errors.every(({ message }) => message === problem.detail)) return null;
  return h("ul", {}, problem.errors.map((error) => h("li", {}, `${error.where.replace(/^\w+\./, "")}: `, fieldSentence(error))));
}

function kind(status) {
  if (status === 0) return "network";
  if (status === 403) return "forbidden";
  if (status === 404 || status === 410) return "gone";
  if (status === 429) return "later";
  return status >= 500 ? "server" : "input";
}
