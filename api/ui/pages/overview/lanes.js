// What waits on each lane and what is being worked, and how the age of the oldest has moved since the page was opened.

import { h } from "../../kit/elements.js";
import { duration, number, t } from "../../kit/words.js";
import { sparkline } from "../../charts/sparkline.js";
import { dataTable, refill } from "../../parts/data_table.js";

const KEPT = 240; // looks: twenty minutes of them
const NOTHING_SECONDS = 1; // a smaller change is none

/** `{ element, update(monitor) }`; each update is one point of the trails. */
export function lanesSection() {
  const trails = new Map();
  const place = h("div", {});
  const update = ({ at, lanes }) => {
    for (const { lane, oldest_queued_seconds: value } of lanes) {
      const trail = trails.get(lane) ?? [];
      const moment = new Date(at).getTime();
      if (trail.at(-1)?.at !== moment) trail.push({ at: moment, value });
      trails.set(lane, trail.slice(-KEPT));
    }
    refill(place, table(lanes, trails));
  };
  return { element: h("section", { class: "stack-small" }, h("h2", {}, t("overview.lanes")), place), update };
}

function table(lanes, trails) {
  const end = true;
  return dataTable({
    label: t("overview.lanes"),
    columns: [
      { label: t("overview.lane") }, { label: t("overview.queued_rows"), end }, { label: t("overview.running_rows"), end },
      { label: t("overview.oldest"), end }, { label: t("overview.since_opened") }, { label: t("overview.serving"), end },
    ],
    rows: lanes.map((lane) => [
      [h("span", { class: "lane-name" }, t(`overview.lane_${lane.lane}`)), h("span", { class: "fine lane-what" }, t(`overview.lane_${lane.lane}_what`))],
      rows(lane.queued_rows, lane), rows(lane.running_rows, lane),
      lane.oldest_queued_seconds === null ? t("overview.nobody_waits") : duration(lane.oldest_queued_seconds),
      h("span", { class: "trail" }, sparkline(trails.get(lane.lane)), h("span", { class: "fine" }, moved(trails.get(lane.lane)))),
      number(lane.workers),
    ]),
  });
}

function rows(count, { at_least: more }) {
  return more ? t("overview.at_least", number(count)) : number(count);
}

/** How the age of the oldest has moved, in words. */
function moved(trail) {
  const [first, last] = [trail[0].value ?? 0, trail.at(-1).value ?? 0];
  const passed = (trail.at(-1).at - trail[0].at) / 1000;
  if (passed === 0) return t("overview.just_opened");
  if (Math.abs(last - first) < NOTHING_SECONDS) return t("overview.unchanged", duration(passed));
  return t(last > first ? "overview.older" : "overview.younger", duration(Math.abs(last - first)), duration(passed));
}
