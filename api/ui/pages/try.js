// Try a product: what would the models say about this title, this description and this photo?

import { announce } from "../kit/announce.js";
import { h, replace } from "../kit/elements.js";
import { rememberQuery } from "../kit/routes.js";
import { percent, t } from "../kit/words.js";
import { get } from "../client/api.js";
import { ended, predict } from "../client/products.js";
import { categories, categoryName } from "../client/taxonomy.js";
import { pageHead } from "../parts/page_head.js";
import { problemBox } from "../parts/problem.js";
import { answer, invitation, waiting } from "./try/answer.js";
import { productForm } from "./try/form.js";
import { history } from "./try/history.js";

export const style = "try";

export async function show({ query, signal }) {
  await categories();
  const result = h("section", { class: "card answer", "aria-labelledby": "answer-title" }, invitation());
  const form = productForm({ submit: send, signal });
  const tries = history(openAndShow, signal);

  let turn = 0; // what was asked for last is shown, whichever answer comes last

  async function send(product, key) {
    const began = performance.now();
    const ask = (way) => predict(product, key, { onProgress: way.sent, onWaiting: way.waits, signal });
    const job = await under(ask, () => (performance.now() - began) / 1000);
    if (job !== null) tries.refresh();
    return job !== null;
  }

  function open(jobId) {
    return under(async (way) => ended(await get(`/api/jobs/${jobId}`, { signal }), way.waits, signal), () => null);
  }

  async function openAndShow(jobId) {
    await open(jobId);
    result.scrollIntoView({ block: "nearest" });
  }

  /** Show what is under way, and then the job that comes of it, which is returned; null when there is none. */
  async function under(task, seconds) {
    const mine = (turn += 1);
    const way = waiting();
    replace(result, way.element);
    try {
      const job = await task(way);
      if (mine === turn && !signal.aborted) showJob(job, seconds());
      return job;
    } catch (problem) {
      if (!signal.aborted && mine === turn) replace(result, problemBox(problem), invitation());
      return null;
    }
  }

  function showJob(job, seconds) {
    rememberQuery({ job: job.id });
    replace(result, answer(job, seconds));
    const { category, confidence } = job.prediction;
    announce(category === null ? t("try.no_answer") : t("try.heard", categoryName(category), percent(confidence)));
  }

  await tries.refresh();
  if (query.has("job")) open(query.get("job"));
  return [
    pageHead(t("try.title"), t("try.lead")),
    h("div", { class: "try" }, form, result),
    tries.element,
  ];
}
