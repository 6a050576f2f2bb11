// Catalogues: send one, and see how far each is.

import { h, replace } from "../kit/elements.js";
import { go } from "../kit/routes.js";
import { notify } from "../kit/announce.js";
import { t } from "../kit/words.js";
import { listed } from "../client/api.js";
import { pageHead } from "../parts/page_head.js";
import { fileChooser } from "./catalogues/chooser.js";
import { currentDraft, drop } from "./catalogues/draft.js";
import { draftForm } from "./catalogues/form.js";
import { jobList } from "./catalogues/job_list.js";

export const style = "catalogues";

export async function show({ query, signal }) {
  const jobs = jobList(query, signal);
  const [webhooks] = await Promise.all([listed("/api/webhooks", { most: 200, signal }), jobs.open()]);
  const active = webhooks.filter(({ active: isActive }) => isActive);
  return [pageHead(t("catalogues.title"), t("catalogues.lead")), h("div", { class: "stack" }, newCatalogue(active, signal), jobs.element)];
}

/** The place where a file is chosen and then sent: one after the other, in the same card. */
function newCatalogue(webhooks, signal) {
  const card = h("section", { class: "card new-catalogue", "aria-label": t("catalogues.new") });
  const chooseFile = () => replace(card, fileChooser(showDraft).element);
  const showDraft = (draft) => {
    const form = draftForm(draft, { webhooks, signal, discarded, sent });
    replace(card, form.element);
    form.focus();
  };
  const discarded = () => {
    drop();
    chooseFile();
    card.querySelector("input").focus();
  };
  const sent = (job) => {
    notify(t("catalogues.sent"));
    go("catalogues", job.id);
  };
  const draft = currentDraft();
  if (draft === null) chooseFile();
  else replace(card, draftForm(draft, { webhooks, signal, discarded, sent }).element);
  return card;
}
