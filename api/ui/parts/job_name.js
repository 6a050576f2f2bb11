// What a job is called.

import { t } from "../kit/words.js";

/** By its sender, else by its file, else by its kind. */
export function jobName(job) {
  return job.name ?? job.source?.filename ?? t(`core.unnamed_${job.kind}`);
}
