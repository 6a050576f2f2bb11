// How the service does, as pictures that keep up with it.

import { announce } from "../kit/announce.js";
import { h, replace } from "../kit/elements.js";
import { pause, repeatedly } from "../kit/polling.js";
import { rememberQuery } from "../kit/routes.js";
import { t, timeOfDay } from "../kit/words.js";
import { get } from "../client/api.js";
import { Problem } from "../client/problem.js";
import { categories } from "../client/taxonomy.js";
import { chartsReady } from "../charts/ready.js";
import { pageHead } from "../parts/page_head.js";
import { sentences } from "../parts/problem.js";
import { driftSection } from "./overview/drift.js";
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
  const asked = () => Promise.all([get("/api/monitor", { signal }), get("/api/monitor/history", { query: { hours }, signal })]);
  const [first] = await Promise.all([asked(), categories(), chartsReady()]);
  const freshness = freshnessLine();
  const look = async () => {
    const wanted = hours;
    try {
      const found = await asked();
      if (wanted === hours) update(...found); // else the answer to the other choice is on its way
    } catch (problem) {
      if (signal.aborted) return;
      if (!(problem instanceof Problem)) throw problem;
      freshness.failed(problem);
    }
  };
  const choose = (other) => {
    hours = other;
    rememberQuery({ hours });
    return look();
  };
  const work = workSection(hours, choose);
  const sections = [stateSection(), nowSection(), lanesSection(), driftSection(), modelSection(), workersSection(), webhooksSection(), diskSection()];
  const update = (monitor, history) => {
    freshness.read(monitor.at);
    for (const section of sections) section.update(monitor);
    work.update(history);
  };
  update(...first);
  pause(SECONDS, signal).then(() => repeatedly(look, SECONDS, signal));
  const [state, now, lanes, drift, model, workers, webhooks, disk] = sections.map(({ element }) => element);
  return [
    pageHead(t("overview.title"), t("overview.lead")),
    h("div", { class: "stack overview" }, freshness.element, state, now, work.element, lanes, drift, model, workers, h("div", { class: "columns" }, webhooks, disk)),
  ];
}

/** When the picture was taken; and, where the last look failed, that it is an old one. */
function freshnessLine() {
  const element = h("p", { class: "fine freshness" });
  let at = null;
  let failing = false;
  return {
    element,
    read: (moment) => {
      if (failing) announce(t("overview.read_again"));
      failing = false;
      at = moment;
      element.classList.remove("stale");
      replace(element, t("overview.as_of", timeOfDay(at)));
    },
    failed: (problem) => {
      const said = t("overview.could_not_look", sentences(problem).what, timeOfDay(at));
      if (!failing) announce(said);
      failing = true;
      element.classList.add("stale");
      replace(element, said);
    },
  };
}
