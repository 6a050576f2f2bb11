// What can be done with a job: cancel it, run its rows again, delete it. Each only where it makes sense.

import { h, replace } from "../../kit/elements.js";
import { notify } from "../../kit/announce.js";
import { confirmed } from "../../kit/dialog.js";
import { number, t } from "../../kit/words.js";
import { go } from "../../kit/routes.js";
import { post, remove } from "../../client/api.js";
import { may } from "../../client/session.js";
import { whileBusy } from "../../parts/busy.js";
import { problemBox } from "../../parts/problem.js";
import { jobName } from "../../parts/job_name.js";
import { ended } from "./job.js";

/**
 * The buttons, `{ element, update(job) }`. Problems go into `trouble`; `changed` gets the job after it was canceled;
 * who has left the page meanwhile, which `signal` says, stays where they are.
 */
export function actionsFor({ trouble, changed, signal }) {
  let job = null;
  const button = (name, act, kind = "") => h("button", { class: `button ${kind}`, type: "button", hidden: true, onclick: (event) => run(event.currentTarget, act) }, t(`catalogue.${name}`));
  const run = (pressed, act) => whileBusy(pressed, async () => {
    replace(trouble);
    try {
      await act();
    } catch (problem) {
      replace(trouble, problemBox(problem));
    }
  });
  const again = (way, said) => async () => {
    const made = await post(`/api/jobs/${job.id}/${way}`);
    notify(t(`catalogue.${said}`));
    if (!signal.aborted) go("catalogues", made.id);
  };
  const cancel = async () => {
    if (!await confirmed({ title: t("catalogue.cancel_title"), text: t("catalogue.cancel_text"), action: t("catalogue.cancel"), danger: true })) return;
    const canceled = await post(`/api/jobs/${job.id}/cancel`);
    if (signal.aborted) return;
    changed(canceled);
    document.querySelector("h1").focus({ preventScroll: true }); // the button has gone
  };
  const rerun = async () => {
    if (await confirmed({ title: t("catalogue.rerun_title"), text: t("catalogue.rerun_text"), action: t("catalogue.rerun") })) await again("rerun", "rerun_made")();
  };
  const drop = async () => {
    const title = t("catalogue.delete_title", jobName(job));
    if (!await confirmed({ title, text: t("catalogue.delete_text"), action: t("core.remove"), danger: true })) return;
    await remove(`/api/jobs/${job.id}`);
    notify(t("catalogue.deleted", jobName(job)));
    if (!signal.aborted) go("catalogues");
  };
  const retryButton = button("retry", again("retry", "retry_made"));
  const rerunButton = button("rerun", rerun);
  const cancelButton = button("cancel", cancel, "danger");
  const deleteButton = button("delete", drop, "danger");
  const element = h("div", { class: "actions" }, retryButton, rerunButton, cancelButton, deleteButton);

  const update = (latest) => {
    job = latest;
    const { failed, total } = job.counts;
    const repeatable = ended(job) && job.cleared_at === null && (job.kind !== "ingest" || may("admin"));
    retryButton.hidden = !(repeatable && failed > 0);
    replace(retryButton, t("catalogue.retry", number(failed), failed));
    rerunButton.hidden = !(repeatable && (total > 0 || job.error === null)) || isDone(job);
    cancelButton.hidden = ended(job);
    deleteButton.hidden = !ended(job);
  };
  return { element, update };
}

// Labelled data that has become products is not read again.
function isDone({ kind, counts }) {
  return kind === "ingest" && counts.failed === 0 && counts.total > 0;
}
