// Try a product: what would the models say about this title, this description and this photo?

import { announce } from "../kit/announce.js";
import { h, replace } from "../kit/elements.js";
import { rememberQuery } from "../kit/routes.js";
import { percent, t } from "../kit/words.js";
import { get } from "../client/api.js";
import { predict } from "../client/products.js";
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
  const tries = history(open, signal);

  async function send(product, key) {
    const under = waiting();
    replace(result, under.element);
    const began = performance.now();
    try {
      const job = await predict(product, key, { onProgress: under.sent, onWaiting: under.waits, signal });
      showJob(job, (performance.now() - began) / 1000);
      tries.refresh();
      return true;
    } catch (problem) {
      if (signal.aborted) return false;
      replace(result, problemBox(problem), invitation());
      return false;
    }
  }

  function showJob(job, seconds = null) {
    rememberQuery({ job: job.id });
    replace(result, answer(job, seconds));
    const { category, confidence } = job.prediction;
    announce(category === null ? t("try.no_answer") : t("try.heard", categoryName(category), percent(confidence)));
  }

  async function open(jobId) {
    try {
      showJob(await get(`/api/jobs/${jobId}`, { signal }));
      result.scrollIntoView({ block: "nearest" });
    } catch (problem) {
      if (!signal.aborted) replace(result, problemBox(problem), invitation());
    }
  }

  await Promise.all([tries.refresh(), query.has("job") ? open(query.get("job")) : null]);
  return [
    pageHead(t("try.title"), t("try.lead")),
    h("div", { class: "try" }, form, result),
    tries.element,
  ];
}
