// The catalogues that were sent: newest first, a page at a time, and what runs among them is watched.

import { announce } from "../../kit/announce.js";
import { h, replace } from "../../kit/elements.js";
import { repeatedly } from "../../kit/polling.js";
import { rememberQuery } from "../../kit/routes.js";
import { t } from "../../kit/words.js";
import { get } from "../../client/api.js";
import { Problem } from "../../client/problem.js";
import { nothing, whileBusy } from "../../parts/busy.js";
import { problemBox, sentences } from "../../parts/problem.js";
import { jobFilters, wantedJobs } from "./job_filters.js";
import { jobRow } from "./job_row.js";
import { latest } from "./job_watch.js";

const PAGE = 20;
const LOOK_SECONDS = 3;

/** `{ element, open() }`: `open` fetches the first page. The filters are in the address's query. */
export function jobList(query, signal) {
  const wanted = wantedJobs(query);
  const rows = new Map(); // by the job's id
  const list = h("ul", { class: "sent-jobs" });
  const empty = h("div", {});
  const trouble = h("div", { "aria-live": "polite" });
  const more = h("button", { class: "button", type: "button", hidden: true, onclick: () => whileBusy(more, showMore) }, t("core.more"));
  const filters = jobFilters(wanted, reopen);
  const element = h("section", { class: "stack", "aria-labelledby": "sent-catalogues" },
    h("div", { class: "noted" }, h("div", { class: "sent-head" }, h("h2", { id: "sent-catalogues" }, t("catalogues.list")), filters.element), trouble),
    list, empty, h("div", { class: "actions" }, more));
  let cursor = null;
  let turn = 0; // of the filters: an answer to an earlier one comes too late

  const ask = (from) => get("/api/jobs", { query: { ...wanted, limit: PAGE, cursor: from }, signal });

  async function open() {
    try {
      await first();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      replace(trouble, problemBox(problem, reopen));
    }
    repeatedly(look, LOOK_SECONDS, signal);
  }

  async function first() {
    turn += 1;
    const mine = turn;
    const page = await ask(null);
    if (mine !== turn) return;
    replace(trouble);
    replace(list);
    rows.clear();
    add(page);
    list.hidden = rows.size === 0;
    replace(empty, rows.size ? null : emptyBox(wanted, filters.clear));
  }

  async function reopen() {
    rememberQuery({ status: wanted.status, kind: wanted.kind === "catalogue" ? null : wanted.kind });
    try {
      await first();
      announce(rows.size ? t("catalogues.listed", rows.size, cursor !== null) : t("catalogues.none_listed"));
    } catch (problem) {
      if (signal.aborted) return;
      replace(trouble, problemBox(problem, reopen));
    }
  }

  function add(page) {
    for (const job of page.items) if (!rows.has(job.id)) append(job);
    cursor = page.next_cursor;
    more.hidden = cursor === null;
  }

  function append(job) {
    const row = jobRow(job);
    rows.set(job.id, row);
    list.append(row.element);
    return row;
  }

  async function showMore() {
    const mine = turn;
    const last = list.lastElementChild;
    try {
      const page = await ask(cursor);
      if (mine !== turn) return;
      add(page);
      last.nextElementSibling?.querySelector("a").focus();
    } catch (problem) {
      if (!signal.aborted) replace(trouble, problemBox(problem, showMore));
    }
  }

  /** See what has become of those that run. */
  async function look() {
    const running = [...rows.values()].filter((row) => !row.hasEnded()).map(({ id }) => id);
    if (running.length === 0) return;
    const mine = turn;
    try {
      const { jobs, gone } = await latest(running, ask, signal);
      if (mine !== turn || signal.aborted) return;
      replace(trouble);
      for (const job of jobs) rows.get(job.id)?.update(job);
      for (const id of gone) {
        rows.get(id).element.remove();
        rows.delete(id);
      }
    } catch (problem) {
      if (signal.aborted) return;
      if (!(problem instanceof Problem)) throw problem;
      replace(trouble, h("p", { class: "alert warn" }, Object.values(sentences(problem)).join(" ")));
    }
  }

  return { element, open };
}

function emptyBox({ kind, status }, clear) {
  if (status === "") return nothing(t(`catalogues.no_${kind}`));
  return nothing(t("catalogues.none_of_status", t(`core.status_${status}`)), h("button", { class: "button", type: "button", onclick: clear }, t("catalogues.show_all")));
}
