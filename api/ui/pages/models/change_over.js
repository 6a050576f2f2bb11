// Having the workers answer with another bundle, and seeing them change over.

import { announce } from "../../kit/announce.js";
import { confirmed } from "../../kit/dialog.js";
import { h, replace } from "../../kit/elements.js";
import { pause } from "../../kit/polling.js";
import { number, t } from "../../kit/words.js";
import { get, post } from "../../client/api.js";
import { forgetCategories } from "../../client/taxonomy.js";
import { whileBusy } from "../../parts/busy.js";
import { problemBox } from "../../parts/problem.js";

const SECONDS = 1;
const LOOKS = 120; // then it is said that some have not changed over
const FAILURES = 5; // looks in a row that may fail

/**
 * `{ button, place }`: the button that activates a bundle, and where its outcome is told. `ended(worked)` is called once
 * workers answer with the bundle, or will not.
 */
export function changeOver({ version, ended, signal }) {
  const place = h("div", { class: "change-over" });
  const activate = async () => {
    replace(place);
    if (!await confirmed({ title: t("models.activate_title", version), text: t("models.activate_text"), action: t("models.activate") })) return;
    await whileBusy(button, async () => {
      try {
        await post(`/api/models/${encodeURIComponent(version)}/activate`, undefined, { signal });
        forgetCategories();
        await ended(await watched(version, place, signal));
      } catch (problem) {
        if (signal.aborted) return;
        replace(place, problemBox(problem));
      }
    });
  };
  const button = h("button", { class: "button primary", type: "button", onclick: activate }, t("models.activate"));
  return { button, place };
}

/** Look until all model workers answer with the bundle, or it was refused. Resolves to what to say about it. */
async function watched(version, place, signal) {
  const bar = h("progress", { "aria-label": t("models.changing_over"), max: 1, value: 0 });
  const words = h("p", {}, t("models.changing_over"));
  replace(place, words, bar);
  announce(t("models.changing_over"));
  let failures = 0;
  for (let look = 0; look < LOOKS && !signal.aborted; look += 1) {
    try {
      const seen = await looked(version, signal);
      failures = 0;
      if (seen.outcome !== null) return seen.outcome;
      bar.max = Math.max(seen.workers, 1);
      bar.value = seen.ready;
      replace(words, t("models.so_many_ready", seen.ready, seen.workers));
    } catch (problem) {
      failures += 1;
      if (signal.aborted || failures >= FAILURES) throw problem;
    }
    await pause(SECONDS, signal);
  }
  return { level: "warn", what: t("models.not_all_ready"), todo: t("models.not_all_ready_todo") };
}

/** `{ ready, workers, outcome }`: how many of the living model workers answer with it; `outcome` is null while some do not. */
async function looked(version, signal) {
  const [bundle, monitor] = await Promise.all([get(`/api/models/${encodeURIComponent(version)}`, { signal }), get("/api/monitor", { signal })]);
  const alive = monitor.workers.filter(({ kind, state }) => kind === "model" && state === "alive");
  const ready = alive.filter((worker) => worker.bundle === version).length;
  return { ready, workers: alive.length, outcome: outcomeOf(bundle, ready, alive.length) };
}

function outcomeOf(bundle, ready, workers) {
  if (bundle.refused !== null) return { level: "bad", what: t("models.workers_refused"), reason: bundle.refused, todo: t("models.workers_refused_todo") };
  if (!bundle.active) return { level: "warn", what: t("models.another_active"), todo: t("models.another_active_todo") };
  if (workers > 0 && ready === workers) return { level: "good", what: t("models.all_ready", number(workers), workers), todo: t("models.all_ready_more") };
  return null;
}
