// What is said of a job: its name, its state in a sentence, how much of it is done.

import { number, percent, t } from "../../kit/words.js";

export function ended(job) {
  return job.finished_at !== null;
}

/** How many rows are done, one way or the other. */
export function done({ counts }) {
  return counts.succeeded + counts.failed;
}

/** A job's state in a sentence, for those who hear it. */
export function told(job) {
  const { succeeded, failed } = job.counts;
  const state = t(`core.status_${job.status}`);
  return ended(job) ? t("catalogue.told_end", state, number(succeeded), number(failed), failed) : t("catalogue.told", state);
}

/** How far a job is, in words: "12,480 of 41,000 rows, 30 %". */
export function share(job) {
  const { total } = job.counts;
  const all = total > 0 && (ended(job) || Math.abs(job.progress - done(job) / total) < 0.002); // else its file is still being read
  return t(all ? "catalogue.share" : "catalogue.share_so_far", number(done(job)), number(total), percent(job.progress), total);
}
