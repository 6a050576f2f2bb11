// One job of the list: what it is called, when it was sent, how far it is, what came of it.

import { announce } from "../../kit/announce.js";
import { h, replace } from "../../kit/elements.js";
import { link } from "../../kit/routes.js";
import { dateTime, duration, number, percent, t } from "../../kit/words.js";
import { faultSentences } from "../../parts/fault.js";
import { jobName } from "../../parts/job_name.js";
import { statusBadge } from "../../parts/job_status.js";

/** `{ id, element, update(job), hasEnded() }` */
export function jobRow(first) {
  let job = first;
  const name = jobName(job);
  const state = h("div", { class: "sent-state" });
  const rows = h("div", { class: "sent-rows" });
  const bar = h("progress", { max: "1", "aria-label": t("catalogues.progress_of", name) });
  const element = h("li", { class: "sent-job" },
    h("div", { class: "sent-name" }, h("a", { href: link("catalogues", job.id) }, name), h("p", { class: "fine" }, about(job, name))),
    state, rows);

  const update = (latest) => {
    if (latest.version < job.version) return; // an older answer that came later
    const before = job.status;
    job = latest;
    draw();
    if (job.status !== before && hasEnded()) announce(t("catalogues.ended", name, t(`core.status_${job.status}`)));
  };
  const hasEnded = () => job.finished_at !== null;
  const draw = () => {
    replace(state, statusBadge(job.status));
    if (hasEnded()) {
      replace(rows, outcome(job));
      return;
    }
    bar.value = job.progress;
    if (bar.parentNode !== rows) replace(rows, bar, h("p", { class: "fine number" }));
    replace(rows.lastElementChild, underWay(job));
  };
  draw();
  return { id: job.id, element, update, hasEnded };
}

function about({ created_at: at, source, rerun_of: earlier }, name) {
  return [
    h("time", { datetime: at }, dateTime(at)),
    source ? ` · ${t(`catalogues.format_${source.format}`)}` : null,
    source?.filename && source.filename !== name ? ` · ${source.filename}` : null,
    earlier ? ` · ${t("catalogues.rerun")}` : null,
  ];
}

function outcome({ counts: { total, succeeded, failed }, status, error }) {
  return [
    h("p", { class: "number" }, t("catalogues.rows", number(total), total)),
    failed || succeeded < total ? h("p", { class: "fine number" }, t("catalogues.outcome", number(succeeded), number(failed), failed)) : null,
    status === "failed" && error ? h("p", { class: "fine sent-fault" }, faultSentences(error).what) : null,
  ];
}

function underWay({ status, counts, progress, queue_position: place, eta_seconds: left }) {
  if (status === "queued") return place === null ? t("catalogues.waiting") : t("catalogues.waiting_at", number(place));
  return [
    percent(progress),
    t("catalogues.done", number(counts.succeeded + counts.failed), counts.succeeded + counts.failed),
    counts.failed ? t("catalogues.failed", number(counts.failed), counts.failed) : null,
    left === null ? null : t("catalogues.left", duration(left)),
  ].filter(Boolean).join(" · ");
}
