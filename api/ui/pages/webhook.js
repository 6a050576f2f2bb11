// One webhook: how it does, what can be done with it, and the book of its deliveries.

import { h, replace } from "../kit/elements.js";
import { pause } from "../kit/polling.js";
import { link } from "../kit/routes.js";
import { dateTime, loadWords, t } from "../kit/words.js";
import { get } from "../client/api.js";
import { Problem } from "../client/problem.js";
import { pageHead } from "../parts/page_head.js";
import { actionsOf } from "./webhook/actions.js";
import { checking } from "./webhook/checking.js";
import { deliveriesOf } from "./webhook/deliveries.js";
import { stateBadge, stateText, toldOf } from "./webhook/state.js";

export const style = "settings";
const MOVING_SECONDS = 2; // between looks while a delivery is on its way
const STILL_SECONDS = 15;

export async function show({ parameters: [id], query, signal }) {
  await loadWords("secrets");
  const path = `/api/webhooks/${encodeURIComponent(id)}`;
  let webhook = await get(path, { signal });
  let wake = () => {};
  const heading = pageHead(webhook.url);
  heading.querySelector("h1").classList.add("address");
  const state = h("div", { class: "stack" });
  const deliveries = deliveriesOf(path, { query, signal, again: () => wake() });
  const changed = (now) => {
    webhook = { ...webhook, ...now };
    replace(heading.querySelector("h1"), webhook.url);
    replace(state, facts(webhook));
    actions.update(webhook);
  };
  const actions = actionsOf(webhook, { path, signal, changed });
  changed(webhook);
  await deliveries.open();
  const look = async () => {
    const before = webhook;
    const [now] = await Promise.all([get(path, { signal }), deliveries.refresh()]);
    if (webhook === before) changed(now); // else somebody has changed it meanwhile, and this is older
  };
  keepLooking(look, () => (deliveries.isMoving() ? MOVING_SECONDS : STILL_SECONDS), (woken) => { wake = woken; }, signal);
  return [
    h("p", { class: "way-back" }, h("a", { href: link("webhooks") }, t("webhooks.back"))),
    heading,
    h("div", { class: "stack" },
      h("section", { class: "card stack settings", "aria-label": t("webhooks.facts") }, state, actions.element),
      deliveries.element,
      checking()),
  ];
}

function facts(webhook) {
  return [
    h("p", { class: "state-line" },
      stateBadge(webhook),
      h("span", {}, toldOf(webhook)),
      h("span", { class: "fine" }, `${t("webhooks.since")} ${dateTime(webhook.created_at)}`)),
    stateText(webhook),
  ];
}

// Soon while something is on its way, and now and then anyhow; `wakes` is given what has it look at once. What fails is
// asked again later: what is shown stays true to its last moment.
async function keepLooking(look, seconds, wakes, signal) {
  let rest = new AbortController();
  wakes(() => rest.abort());
  while (!signal.aborted) {
    if (!rest.signal.aborted) await pause(seconds(), AbortSignal.any([signal, rest.signal]));
    if (signal.aborted) return;
    rest = new AbortController(); // who wakes it while it looks has it look once more
    if (document.hidden) continue;
    try {
      await look();
    } catch (problem) {
      if (signal.aborted) return;
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 404) return; // it was deleted
    }
  }
}
