// The book of a webhook's deliveries: filtered, a page at a time, and brought up to date while something is on its way.

import { h } from "../../kit/elements.js";
import { rememberQuery } from "../../kit/routes.js";
import { number, t } from "../../kit/words.js";
import { get } from "../../client/api.js";
import { nothing } from "../../parts/busy.js";
import { field } from "../../parts/field.js";
import { pages } from "../../parts/pages.js";
import { deliveryEntry } from "./delivery.js";
import { recovering } from "./recovering.js";

const A_PAGE = 20;
const MOST = 100; // that stand in the list at once, with those that have come since it was opened
const SOON_SECONDS = 60; // one that is being sent just now is due again in half a minute, in case its worker dies
const STATES = ["pending", "delivered", "dead"];

/**
 * `{ element, open(), refresh(), isMoving() }`: `refresh` brings what is shown up to date; `isMoving` says whether something on it is
 * about to change. `again` is called when the webhook is worth a look: something is to be sent, or the list is newer than it.
 */
export function deliveriesOf(path, { query, signal, again }) {
  const status = statusFilter(query.get("status"), () => {
    rememberQuery({ status: status.control.value });
    list.open().then(again); // the webhook's own state is to be as new as the list
  });
  let entries = new Map(); // those that are shown, by their ids
  let shown = null; // the cursor of the page that is shown
  let place = null;
  const asked = (cursor) => get(`${path}/deliveries`, { query: { limit: A_PAGE, status: status.control.value, cursor }, signal });
  const entry = (delivery) => {
    const made = deliveryEntry(delivery, { path, sent: again });
    entries.set(delivery.id, made);
    return made.element;
  };
  const list = pages({
    fetchPage: async (cursor) => {
      const page = await asked(cursor);
      shown = cursor;
      return page;
    },
    draw: (items) => {
      entries = new Map();
      place = h("ol", { class: "deliveries" }, items.map(entry));
      return place;
    },
    empty: () => {
      entries = new Map();
      place = null;
      return nothing(t(status.control.value ? "webhooks.no_such_deliveries" : "webhooks.no_deliveries"));
    },
    range: (first, last) => t("webhooks.deliveries_range", number(first), number(last)),
    signal,
  });

  /** What is shown is changed where it stands. What is new comes on top of the first page; what is in another state by now leaves a filtered one. */
  async function refresh() {
    const cursor = shown;
    const filter = status.control.value;
    const { items } = await asked(cursor);
    if (cursor !== shown || filter !== status.control.value) return; // something else is shown by now
    if (place === null) return items.length ? list.again() : undefined;
    for (const item of items) entries.get(item.id)?.update(item);
    const fresh = cursor === null ? items.filter(({ id }) => !entries.has(id)) : [];
    if (fresh.length && entries.size < MOST) place.prepend(...fresh.map(entry));
    for (const id of gone(entries, items)) {
      entries.get(id).leave(status.control);
      entries.delete(id);
    }
    return entries.size ? undefined : list.again();
  }

  const isMoving = () => [...entries.values()].some((each) => isSoon(each.delivery()));
  const open = () => list.open();
  const recover = recovering(path, { signal, done: () => list.open().then(again) });
  const element = h("section", { class: "card stack settings" },
    h("div", { class: "deliveries-head" }, h("div", {}, h("h2", {}, t("webhooks.deliveries")), h("p", { class: "fine" }, t("webhooks.deliveries_lead"))), recover),
    h("div", { class: "filters" }, status.element),
    list.element);
  return { element, open, refresh, isMoving };
}

function statusFilter(chosen, changed) {
  return field({ label: t("webhooks.status"), tag: "select", attributes: { name: "status", onchange: changed } },
    h("option", { value: "" }, t("core.all")),
    STATES.map((state) => h("option", { value: state, selected: state === chosen }, t(`webhooks.status_${state}`))));
}

// Newest first, by ids that are in order: what is missing between those that came has left, what is older may be on another page.
function gone(entries, items) {
  const there = new Set(items.map(({ id }) => id));
  const oldest = items.length < A_PAGE ? "" : items.at(-1).id;
  return [...entries.keys()].filter((id) => id > oldest && !there.has(id));
}

function isSoon({ status, next_attempt_at: next }) {
  return status === "pending" && (next === null || new Date(next) - Date.now() < SOON_SECONDS * 1000);
}
