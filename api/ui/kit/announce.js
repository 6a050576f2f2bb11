// What happened, for those who see it and those who hear it: a line that comes and goes, read out by screen readers.

import { h, replace } from "./elements.js";

const SECONDS = 6;
const heard = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
const seen = h("div", { class: "notices", "aria-hidden": "true" });

/** The elements that `announce` and `notify` write into; the shell has them once. */
export function announcers() {
  return [heard, seen];
}

/** Say something to screen readers alone: what others see anyway. */
export function announce(text) {
  replace(heard, text);
}

/** Say something to everybody, without taking the focus. */
export function notify(text) {
  announce(text);
  const notice = h("p", { class: "notice" }, text);
  seen.append(notice);
  setTimeout(() => notice.remove(), SECONDS * 1000);
}
