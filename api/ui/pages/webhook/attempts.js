// What came of a delivery: each try with its answer, or what went wrong in place of one.

import { h } from "../../kit/elements.js";
import { dateTime, duration, t } from "../../kit/words.js";
import { cardTable, cell, headCell } from "../../parts/card_table.js";
import { said } from "./state.js";

const KEPT = 50; // of one delivery, by the service

/** A table of tries; a sentence where there are none. */
export function attemptsTable({ attempts, status }) {
  if (attempts.length === 0) return h("p", {}, t(status === "dead" ? "webhooks.never_tried" : "webhooks.no_attempts"));
  const columns = [t("webhooks.attempt"), t("webhooks.when"), t("webhooks.took"), t("webhooks.came")];
  return [
    cardTable({ label: t("webhooks.attempts"), columns, rows: attempts.map(row) }),
    attempts.length === KEPT ? h("p", { class: "fine" }, t("webhooks.attempts_kept")) : null,
  ];
}

/** What came back of one try: the answer's status and its first bytes, or the error. */
export function whatCame({ status, response, error }) {
  if (status === null) return said(error);
  return [
    h("span", {}, t("webhooks.answered", status)),
    response
      ? h("pre", { class: "came-answer", tabindex: "0", role: "group", "aria-label": t("webhooks.answer") }, response)
      : h("span", { class: "fine" }, ` ${t("webhooks.no_body")}`),
  ];
}

function row(attempt) {
  return h("tr", { role: "row" },
    headCell(t("webhooks.attempt_number", attempt.number)),
    cell(t("webhooks.when"), dateTime(attempt.started_at, { dateStyle: "medium", timeStyle: "medium" })),
    cell(t("webhooks.took"), duration(attempt.seconds)),
    cell(t("webhooks.came"), h("div", { class: "wraps" }, whatCame(attempt))));
}
