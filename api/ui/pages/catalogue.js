// One catalogue: how far it is, what came of its rows, and what can be done with it.

import { h, replace } from "../kit/elements.js";
import { announce } from "../kit/announce.js";
import { pause } from "../kit/polling.js";
import { loadStyle } from "../kit/style.js";
import { bytes, dateTime, t } from "../kit/words.js";
import { link } from "../kit/routes.js";
import { get } from "../client/api.js";
import { jobEvents } from "../client/events.js";
import { Problem } from "../client/problem.js";
import { categories } from "../client/taxonomy.js";
import { pageHead } from "../parts/page_head.js";
import { problemBox } from "../parts/problem.js";
import { actionsFor } from "./catalogue/actions.js";
import { progressCard } from "./catalogue/progress.js";
import { errorsSection } from "./catalogue/row_errors.js";
import { resultsSection } from "./catalogue/results.js";
import { fileFacts } from "./catalogue/source.js";
import { tabs } from "./catalogue/tabs.js";
import { jobName } from "../parts/job_name.js";
import { ended, told } from "./catalogue/job.js";

export const style = "catalogue";

const QUEUE_SECONDS = 5;

export async function show({ parameters: [jobId], query, signal }) {
  try {
    const [job] = await Promise.all([get(path(jobId), { signal }), categories(), rowStyle(signal)]);
    return await page(job, query, signal);
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 404) return noSuchJob();
    throw problem;
  }
}

/** The tables of rows have a sheet of their own; that it did not come is said as of the page's other files. */
async function rowStyle(signal) {
  try {
    await loadStyle("catalogue_rows", signal);
  } catch {
    throw Problem.network();
  }
}

async function page(first, query, signal) {
  let job = first;
  const trouble = h("div", { class: "trouble" });
  const facts = fileFacts();
  const act = actionsFor({ trouble, changed: (answer) => update(answer), signal });
  const head = pageHead(jobName(job), lead(job), [act.element]);
  const progress = progressCard({ onChanges: () => showChanges() });
  const rows = await rowSections(job, query, signal);
  const showChanges = () => rows?.showChanges();

  const update = (latest) => {
    if (latest.version < job.version) return; // an answer that was overtaken by an event
    const before = job.status;
    job = withHeader(latest, job);
    progress.update(job);
    act.update(job);
    rows?.update(job);
    facts.update(job);
    if (job.status !== before) announce(told(job));
  };
  update(job);
  rows?.open();
  if (!ended(job)) {
    follow(job.id, update, trouble, signal);
    lookAtQueue(() => job, update, signal);
  }
  return [backLink(), head, h("div", { class: "stack" }, trouble, progress.element, rows?.element, facts.element)];
}

/** Results and row errors, as tabs; null of a job that has no rows, or no longer. */
async function rowSections(job, query, signal) {
  if (job.cleared_at !== null || hasNoRows(job)) return null;
  const results = job.kind === "ingest" ? null : await resultsSection(job, query, signal); // labelled data is not predicted
  const errors = errorsSection(job, signal);
  const parts = [results, errors].filter(Boolean);
  const both = tabs(parts, query.get("tab"), signal);
  return {
    element: both.element,
    open: both.open,
    update: (latest) => {
      both.element.hidden = latest.cleared_at !== null || hasNoRows(latest);
      parts.forEach((part) => part.update(latest));
    },
    showChanges: () => {
      both.choose(results);
      results.showChanges();
    },
  };
}

function hasNoRows(job) {
  return ended(job) && job.counts.total === 0;
}

async function follow(jobId, update, trouble, signal) {
  try {
    for await (const snapshot of jobEvents(jobId, signal)) update(snapshot);
    if (!signal.aborted) update(await get(path(jobId), { signal })); // with the header, which events leave out
  } catch (problem) {
    if (!signal.aborted) replace(trouble, problemBox(problem, () => location.reload()));
  }
}

/** The place in the queue: it changes with other people's jobs, of which no event tells. */
async function lookAtQueue(latest, update, signal) {
  for (;;) {
    await pause(QUEUE_SECONDS, signal);
    if (signal.aborted || latest().status !== "queued") return;
    const seen = document.hidden ? null : await get(path(latest().id), { signal }).catch(() => null); // the events say what is wrong
    if (seen !== null) update(seen);
  }
}

function path(jobId) {
  return `/api/jobs/${encodeURIComponent(jobId)}`;
}

function withHeader(latest, earlier) {
  const header = latest.source?.header ?? earlier.source?.header ?? null;
  return latest.source === null ? latest : { ...latest, source: { ...latest.source, header } };
}

function lead(job) {
  const { source } = job;
  const file = source === null ? null : [source.filename === job.name ? null : source.filename, bytes(source.size)];
  return [t("catalogue.sent_at", dateTime(job.created_at)), ...(file ?? [])].filter(Boolean).join(" · ");
}

function backLink() {
  return h("p", { class: "back" }, h("a", { href: link("catalogues") }, t("catalogue.back")));
}

function noSuchJob() {
  return [backLink(), pageHead(t("catalogue.not_there")), h("p", {}, t("catalogue.not_there_todo"))];
}
