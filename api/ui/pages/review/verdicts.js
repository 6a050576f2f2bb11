// Verdicts on their way to the service: in the order in which they were given, one at a time, while the next product is
// looked at already. They go on when another page is opened. None is lost without a word.

import { notify } from "../../kit/announce.js";
import { pause } from "../../kit/polling.js";
import { t } from "../../kit/words.js";
import { post } from "../../client/api.js";
import { Problem } from "../../client/problem.js";
import { withdraw } from "./sitting.js";

const MOST_WAITING = 30; // half a minute's work of somebody quick
const AGAIN_SECONDS = [1, 2, 5, 10]; // between tries, while the service cannot be reached

const waiting = []; // { item, code }, the first of them is being sent
const failed = []; // { item, code, problem }, until somebody has seen to it
const watchers = new Set();
let trouble = null; // why the first of them is not stored yet
let sending = false;
let resting = new AbortController();

/** Give a verdict. */
export function give(item, code) {
  waiting.push({ item, code });
  if (!sending) send();
}

/** Whether so many wait that there should be no more for now. */
export function isFull() {
  return waiting.length >= MOST_WAITING;
}

/** How it stands: `{ waiting, trouble, failed }`. */
export function standing() {
  return { waiting: waiting.length, trouble, failed: [...failed] };
}

/** Try at once again what could not be stored so far. */
export function tryAgain() {
  resting.abort();
}

/** Put away a verdict that has failed: somebody has seen it. */
export function putAway(verdict) {
  failed.splice(failed.indexOf(verdict), 1);
  tell();
}

/** Call this when it stands otherwise, until the signal comes. */
export function whenChanged(watcher, signal) {
  watchers.add(watcher);
  signal.addEventListener("abort", () => watchers.delete(watcher), { once: true });
}

/** Whether a product is no longer there, or no longer predicted: nothing can be said about it. */
export function isGone({ status, code }) {
  return status === 404 || status === 410 || code === "NOT_PREDICTED";
}

async function send() {
  sending = true;
  addEventListener("beforeunload", holdBack);
  addEventListener("online", tryAgain);
  try {
    await sendAll();
  } finally {
    removeEventListener("beforeunload", holdBack);
    removeEventListener("online", tryAgain);
    sending = false;
  }
}

async function sendAll() {
  let tries = 0;
  while (waiting.length) {
    trouble = await sent(waiting[0]);
    if (trouble === null) {
      tries = 0;
      waiting.shift();
      tell();
      continue;
    }
    tell();
    resting = new AbortController();
    await pause(AGAIN_SECONDS[Math.min(tries, AGAIN_SECONDS.length - 1)], resting.signal);
    tries += 1;
  }
}

// Null once it is stored or has failed for good, else the problem that may pass.
async function sent(verdict) {
  const { item, code } = verdict;
  try {
    await post(`/api/predictions/${item.id}/correction`, { code });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (mayPass(problem)) return problem;
    withdraw(item);
    failed.push({ ...verdict, problem });
    if (watchers.size === 0) notify(t("review.failed_elsewhere"));
  }
  return null;
}

function mayPass({ status }) {
  return status === 0 || status === 401 || status === 408 || status === 429 || status >= 500;
}

function tell() {
  for (const watcher of watchers) watcher();
}

// The browser asks whether the page should really be left.
function holdBack(event) {
  event.preventDefault();
}
