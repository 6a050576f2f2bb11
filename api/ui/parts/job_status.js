// A job's state as a badge: a word, and a colour that says no more than the word.

import { h } from "../kit/elements.js";
import { t } from "../kit/words.js";

const TONES = { running: "accent", succeeded: "good", partially_succeeded: "warn", failed: "bad", expired: "warn" };

/** The badge for a job's, or a row's, `status`. */
export function statusBadge(status) {
  return h("span", { class: `badge ${TONES[status] ?? ""}` }, t(`core.status_${status}`));
}
