// One product: sent, and waited for until it has its answer.

import { jobEvents } from "./events.js";
import { upload } from "./upload.js";

const WAIT_SECONDS = 30; // the API grants no more

/**
 * Send a product, a FormData of the API's fields, and resolve to its job once that has ended. `onProgress` gets the bytes
 * that were sent and all of them, `onWaiting` the job each time it has changed while it waits. Throws a Problem.
 */
export async function predict(form, key, { onProgress, onWaiting, signal }) {
  const headers = { Prefer: `wait=${WAIT_SECONDS}`, "Idempotency-Key": key };
  const job = await upload("/api/predict", form, { headers, onProgress, signal });
  return ended(job, onWaiting, signal);
}

/** A job of one product once it has ended. `onWaiting` gets it now and each time it has changed. Throws a Problem. */
export async function ended(job, onWaiting, signal) {
  let latest = job;
  if (latest.finished_at !== null) return latest;
  onWaiting(latest);
  for await (const snapshot of jobEvents(job.id, signal)) {
    latest = snapshot;
    onWaiting(latest);
  }
  signal.throwIfAborted(); // an unfinished job is no answer
  return latest;
}
