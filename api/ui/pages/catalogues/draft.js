// The catalogue that somebody is about to send: a file, which of its columns is which, a name. There is one at most, and
// it stays while other pages are looked at or the language is changed; its upload goes on meanwhile.

import { notify } from "../../kit/announce.js";
import { t } from "../../kit/words.js";
import { newKey } from "../../client/keys.js";
import { Problem } from "../../client/problem.js";
import { upload } from "../../client/upload.js";
import { DELIMITERS } from "../../parts/delimiters.js";
import { columnsQuery, foundColumns, OURS, wordOn } from "../../catalogue_files/columns.js";
import { FileTrouble } from "../../catalogue_files/trouble.js";

const RATE_SECONDS = 5; // over which the rate of an upload is measured

let current = null;

/** The draft that is there, or null. */
export function currentDraft() {
  return current;
}

/** A draft of a file that has been looked into: its columns are mapped as the service would by itself. */
export function beginDraft(file, preview) {
  const byItself = preview.table === null ? {} : foundColumns(preview.table.header);
  const mapping = Object.fromEntries(OURS.filter((ours) => ours in byItself).map((ours) => [ours, byItself[ours]]));
  current = { file, preview, byItself, mapping, name: "", webhook: "", upload: null, problem: null, sentUnder: null, changed: null, arrived: null };
  return current;
}

/** Forget the draft. */
export function drop() {
  current = null;
}

/** What the API is told of a draft. The file itself says all the rest. */
function queryOf({ preview: { format, table }, mapping, name, webhook }) {
  const word = table === null ? {} : wordOn(mapping, table.header);
  const isRead = table?.delimiterFor && table.delimiterFor(word) !== table.delimiter; // otherwise than it was shown
  return {
    format,
    columns: columnsQuery(word),
    delimiter: isRead ? DELIMITERS[table.delimiter] ?? table.delimiter : null,
    name: name.trim(),
    webhook_url: webhook,
  };
}

/**
 * Send a draft. `draft.changed()` is called as it goes on; at its end `draft.arrived(job)`, if somebody is looking, or
 * `draft.problem` is what went wrong. A name of its own keeps the same file from becoming two jobs when it is sent again.
 */
export async function send(draft) {
  const query = queryOf(draft);
  const body = new FormData(); // rather than the file alone, which would come without its name
  body.append("file", draft.file);
  draft.upload = { sent: 0, total: draft.file.size, rate: null, stop: new AbortController() };
  draft.problem = null;
  addEventListener("beforeunload", askBeforeLeaving);
  draft.changed?.();
  try {
    const headers = { "Idempotency-Key": keyFor(draft, JSON.stringify(query)) };
    const job = await upload("/api/catalogs", body, { query, headers, onProgress: progressOf(draft), signal: draft.upload.stop.signal });
    ended(draft);
    drop();
    if (draft.arrived) draft.arrived(job);
    else notify(t("catalogues.sent_meanwhile", draft.file.name));
  } catch (error) {
    if (error.name !== "AbortError") draft.problem = await explained(error, draft.file);
    ended(draft);
    draft.changed?.();
    if (!draft.changed && draft.problem) notify(t("catalogues.not_sent_meanwhile", draft.file.name));
  }
}

function ended(draft) {
  draft.upload = null;
  removeEventListener("beforeunload", askBeforeLeaving);
}

/** The key of what is sent: another one as soon as anything is said differently. */
function keyFor(draft, query) {
  if (draft.sentUnder?.query !== query) draft.sentUnder = { query, key: newKey() };
  return draft.sentUnder.key;
}

function progressOf(draft) {
  const marks = [{ at: performance.now(), sent: 0 }];
  return (sent, total) => {
    const now = performance.now();
    marks.push({ at: now, sent });
    while (marks.length > 2 && now - marks[1].at > RATE_SECONDS * 1000) marks.shift();
    const seconds = (now - marks[0].at) / 1000;
    Object.assign(draft.upload, { sent: Math.min(sent, total), total, rate: seconds > 0.5 ? (sent - marks[0].sent) / seconds : draft.upload.rate });
    draft.changed?.();
  };
}

/** A connection that breaks off may be the file's fault: browsers stop where it was changed meanwhile, and do not say so. */
async function explained(error, file) {
  if (!(error instanceof Problem) || error.code !== "NETWORK") return error;
  return file.slice(0, 1).arrayBuffer().then(() => error, () => new FileTrouble("CHANGED_FILE"));
}

function askBeforeLeaving(event) {
  event.preventDefault();
}
