// How the service does, as pictures that keep up with it.

import { h } from "../kit/elements.js";
import { pause, repeatedly } from "../kit/polling.js";
import { rememberQuery } from "../kit/routes.js";
import { t } from "../kit/words.js";
import { get } from "../client/api.js";
import { Problem } from "../client/problem.js";
import { categories } from "../client/taxonomy.js";
import { chartsReady } from "../charts/ready.js";
import { pageHead } from "../parts/page_head.js";
import { driftSection } from "./overview/drift.js";
import { freshnessLine } from "./overview/freshness.js";
import { lanesSection } from "./overview/lanes.js";
import { modelSection } from "./overview/model.js";
import { nowSection } from "./overview/now.js";
import { diskSection, webhooksSection, workersSection } from "./overview/service.js";
import { stateSection } from "./overview/state.js";
import { hoursOf, workSection } from "./overview/work.js";

export const style = "overview";
const SECONDS = 5;

export async function show({ query, signal }) {
  let hours = hoursOf(query);
  const [first] = await Promise.all([asked(hours, signal), categories(), chartsReady(signal)]);
  const look = async () => {
    const wanted = hours;
    try {
      const found = await asked(wanted, signal);
      if (wanted === hours) picture.update(...found); // else what is wanted now is on its way
    } catch (problem) {
      if (signal.aborted) return;
      if (!(problem instanceof Problem)) throw problem;
      picture.failed(problem);
    }
  };
  const choose = (other) => {
    hours = other;
    rememberQuery({ hours });
    return look();
  };
  const picture = pictures(hours, choose);
  picture.update(...first);
  pause(SECONDS, signal).then(() => repeatedly(look, SECONDS, signal));
  return [pageHead(t("overview.title"), t("overview.lead")), picture.element];
}

/** The monitor now and the history of so many hours. */
function asked(hours, signal) {
  return Promise.all([get("/api/monitor", { signal }), get("/api/monitor/history", { query: { hours }, signal })]);
}

/** All sections of the page, `{ element, update(monitor, history), failed(problem) }`. */
function pictures(hours, choose) {
  const freshness = freshnessLine();
  const work = workSection(hours, choose);
  const sections = [stateSection(), nowSection(), lanesSection(), driftSection(), modelSection(), workersSection(), webhooksSection(), diskSection()];
  const [state, now, lanes, drift, model, workers, webhooks, disk] = sections.map(({ element }) => element);
  const element = h("div", { class: "stack overview" },
    freshness.element, state, now, work.element, lanes, drift, model, workers, h("div", { class: "columns" }, webhooks, disk));
  const update = (monitor, history) => {
    freshness.read(monitor.at);
    for (const section of sections) section.update(monitor);
    work.update(history);
  };
  return { element, update, failed: freshness.failed };
}
