// What the service stands on: its workers, its webhooks, its disk.

import { h, replace } from "../../kit/elements.js";
import { ago, bytes, dateTime, duration, number, t } from "../../kit/words.js";
import { link } from "../../kit/routes.js";
import { bar } from "../../parts/score_bars.js";
import { dataTable, refill } from "../../parts/data_table.js";

/** `{ element, update(monitor) }` of the workers. */
export function workersSection() {
  const place = h("div", {});
  const update = ({ at, workers }) => {
    refill(place, workers.length ? workersTable(workers, new Date(at).getTime()) : h("p", { class: "card" }, t("overview.no_worker_at_all")));
  };
  return { element: h("section", { class: "stack-small" }, h("h2", {}, t("overview.workers")), place), update };
}

function workersTable(workers, now) {
  return dataTable({
    label: t("overview.workers"),
    columns: ["worker_kind", "host", "device", "bundle", "worker_state", "heartbeat", "started"].map((name) => ({ label: t(`overview.${name}`) })),
    rows: workers.map((worker) => [
      t(`overview.kind_${worker.kind}`),
      h("span", {}, worker.host, h("span", { class: "fine" }, ` · ${worker.process_id}`)),
      worker.device, worker.bundle ?? "–",
      h("span", { class: `badge ${worker.state === "alive" ? "good" : "bad"}` }, t(`overview.worker_${worker.state}`)),
      ago(worker.last_seen_at, now), dateTime(worker.started_at),
    ]),
  });
}

/** `{ element, update(monitor) }` of the webhooks. */
export function webhooksSection() {
  const list = h("dl", { class: "figures" });
  const update = ({ webhooks }) => replace(list, [
    ["pending", webhooks.pending],
    ["due", webhooks.due, webhooks.oldest_due_seconds === null ? null : t("overview.since_long", duration(webhooks.oldest_due_seconds))],
    ["delivered", webhooks.delivered], ["failed", webhooks.failed], ["dead", webhooks.dead], ["disabled_endpoints", webhooks.disabled_endpoints],
  ].map(([name, value, more]) => figure(t(`overview.${name}`), counted(name, value, webhooks.counted_up_to), more)));
  const element = h("section", { class: "card" },
    h("h2", {}, t("overview.webhooks")), list, h("p", { class: "section-foot" }, h("a", { href: link("webhooks") }, t("overview.to_webhooks"))));
  return { element, update };
}

function counted(name, value, upTo) {
  return name !== "disabled_endpoints" && value >= upTo ? t("overview.at_least", number(value)) : number(value);
}

/** `{ element, update(monitor) }` of the disk. */
export function diskSection() {
  const list = h("dl", { class: "figures" });
  const picture = h("div", {});
  const update = ({ disk: { free_bytes: free, reserve_bytes: reserve, database_bytes: database } }) => {
    replace(list, figure(t("overview.free"), bytes(free)), figure(t("overview.reserve"), bytes(reserve)), figure(t("overview.database"), bytes(database)));
    const taken = reserve > 0 ? bar(Math.min(reserve / Math.max(free, 1), 1)) : null;
    replace(picture, taken, h("p", { class: "fine" }, reserve > 0 ? t("overview.disk_more") : t("overview.disk_no_reserve")));
  };
  return { element: h("section", { class: "card stack-small" }, h("h2", {}, t("overview.disk")), list, picture), update };
}

function figure(name, value, more = null) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value, more ? h("small", {}, more) : null));
}
