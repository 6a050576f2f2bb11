// How far a job is: its state, a bar, the counts, how fast it goes, and at the end what it came to.

import { h, replace } from "../../kit/elements.js";
import { dateTime, duration, number, t } from "../../kit/words.js";
import { link } from "../../kit/routes.js";
import { may } from "../../client/session.js";
import { faultSentences } from "../../parts/fault.js";
import { statusBadge } from "../../parts/job_status.js";
import { ended, share } from "./job.js";

const MOST_PLACES = 1000; // the API counts a queue no further

/** The card, `{ element, update(job) }`. `onChanges` shows the rows of a rerun that have changed. */
export function progressCard({ onChanges }) {
  const state = h("div", { class: "job-state" });
  const bar = h("progress", { max: "1", "aria-label": t("catalogue.progress") });
  const figures = h("dl", { class: "figures" });
  const notices = h("div", { class: "job-notices" });
  const again = rerunLine(onChanges);
  const models = modelsLine();
  const element = h("section", { class: "card stack", "aria-label": t("catalogue.state") }, state, bar, figures, notices, again.element, models.element);
  let noticed = null;

  const update = (job) => {
    replace(state, statusBadge(job.status), h("p", {}, sentence(job).map((part, place) => [place ? " · " : null, h("span", { class: "whole" }, part)])));
    bar.hidden = ended(job);
    bar.value = job.progress;
    replace(figures, figuresOf(job));
    again.update(job);
    models.update(job);
    const now = JSON.stringify([job.status, job.error, job.cleared_at]);
    if (now !== noticed) replace(notices, noticesOf(job));
    noticed = now;
    notices.hidden = notices.childElementCount === 0;
  };
  return { element, update };
}

/** The state's parts, of which each stays on one line where it can. */
function sentence(job) {
  const { status, queue_position: place, rows_per_second: rate, eta_seconds: left, started_at: started, finished_at: finished } = job;
  if (status === "queued") {
    if (place === null) return [t("catalogue.waits")];
    return [t(place < MOST_PLACES ? "catalogue.waits_at" : "catalogue.waits_behind", number(place))];
  }
  if (finished !== null) {
    const took = started === null ? null : t("catalogue.took", duration(seconds(started, finished)));
    return [t("catalogue.ended_at", dateTime(finished)), took].filter(Boolean);
  }
  const speed = rate === null ? null : t("catalogue.rate", number(rate, rate < 10 ? 1 : 0));
  const eta = left === null ? null : t("catalogue.left", duration(Math.max(left, 1)));
  return [share(job), speed, eta].filter(Boolean);
}

function figuresOf(job) {
  const { total, succeeded, failed, reused, pending } = job.counts;
  const figure = (name, count, note = null) =>
    h("div", {}, h("dt", {}, t(`catalogue.${name}`)), h("dd", {}, number(count), note ? h("small", {}, note) : null));
  return [
    figure("rows", total),
    figure("succeeded", succeeded, reused ? t("catalogue.of_which_reused", number(reused)) : null),
    figure("failed", failed),
    figure(ended(job) ? "left_out" : "pending", pending),
  ].filter((each, place) => place < 3 || pending > 0 || !ended(job));
}

function noticesOf(job) {
  return [
    job.error === null ? null : fault(job.error),
    job.status === "canceled" ? notice("warn", t("catalogue.canceled"), t("catalogue.canceled_todo")) : null,
    job.status === "expired" ? notice("warn", t("catalogue.expired", dateTime(job.expires_at)), t("catalogue.expired_todo")) : null,
    job.cleared_at === null ? null : notice("", t("catalogue.cleared", dateTime(job.cleared_at)), t("catalogue.cleared_todo")),
  ];
}

function fault(error) {
  const { what, todo } = faultSentences(error);
  return notice("bad", what, todo);
}

function notice(tone, what, todo) {
  return h("div", { class: `alert ${tone}` }, h("p", { class: "alert-what" }, what), todo ? h("p", {}, todo) : null);
}

/** What has changed since the job that this one runs again. Its button stays the same one, so that it keeps the focus. */
function rerunLine(onChanges) {
  const changed = h("span", {});
  const earlier = h("a", {}, t("catalogue.earlier_job"));
  const button = h("button", { class: "button small", type: "button", onclick: onChanges }, t("catalogue.show_changed"));
  const element = h("p", { class: "job-rerun" }, changed, earlier, button);
  const update = (job) => {
    const { rerun_of: before, changes, counts } = job;
    element.hidden = before === null;
    if (before === null) return;
    earlier.href = link("catalogues", before);
    const compared = changes !== null;
    replace(changed, compared ? t("catalogue.changed", number(changes), number(counts.succeeded), changes) : t("catalogue.retried"));
    button.hidden = !changes || job.cleared_at !== null;
  };
  return { element, update };
}

/** Which bundles have answered; administrators can go to them. */
function modelsLine() {
  const element = h("p", { class: "fine" });
  let shown = "";
  const name = (version) => (may("admin") ? h("a", { href: link("models", version) }, version) : version);
  const update = ({ model_versions: versions }) => {
    element.hidden = versions.length === 0;
    if (versions.join() === shown) return; // a link keeps the focus
    shown = versions.join();
    replace(element, t("catalogue.answered_by"), " ", versions.map((version, place) => [place ? ", " : null, name(version)]));
  };
  return { element, update };
}

function seconds(from, to) {
  return (new Date(to) - new Date(from)) / 1000;
}
