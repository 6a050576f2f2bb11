// What the models say about a product, together and each alone; and what stands there before they do.

import { announce } from "../../kit/announce.js";
import { h, replace } from "../../kit/elements.js";
import { bytes, duration, number, percent, t } from "../../kit/words.js";
import { categoryName } from "../../client/taxonomy.js";
import { faultSentences } from "../../parts/fault.js";
import { photo } from "../../parts/photo.js";
import { scoreBars } from "../../parts/score_bars.js";

/** What stands in the answer's place before anything was asked. */
export function invitation() {
  return h("div", { class: "nothing" }, h("h2", { id: "answer-title" }, t("try.invitation")), h("p", {}, t("try.invitation_text")));
}

/** What stands there while a product is under way: `{ element, sent(bytes, all), waits(job) }`. */
export function waiting() {
  const state = h("p", {});
  const bar = h("progress", { max: 1, "aria-label": t("try.sending") });
  const element = h("div", { class: "nothing" }, h("h2", { id: "answer-title" }, t("try.under_way")), bar, state);
  let said = null;
  const say = (text) => { // heard, too, and not again at each step of the bar
    bar.removeAttribute("value");
    replace(state, text);
    if (text !== said) announce(text);
    said = text;
  };
  say(t("try.sending"));
  return {
    element,
    sent(loaded, total) {
      if (loaded === total) {
        say(t("try.asked"));
        return;
      }
      bar.value = loaded / total;
      replace(state, t("try.sent", bytes(loaded), bytes(total)));
    },
    waits(job) {
      say(job.queue_position === null ? t("try.asked") : t("try.queued", number(job.queue_position)));
    },
  };
}

/** The answer for a job of one product that has ended. `seconds`: how long it took from here, if that was measured. */
export function answer(job, seconds) {
  const { prediction } = job;
  if (prediction.error) {
    const { what, todo } = faultSentences(prediction.error);
    return h("div", { class: "stack" },
      h("h2", { id: "answer-title" }, t("try.no_answer")),
      h("div", { class: "alert bad" }, h("p", { class: "alert-what" }, what), h("p", {}, todo || t("core.todo_input"))));
  }
  if (prediction.category === null) {
    return h("div", { class: "nothing" }, h("h2", { id: "answer-title" }, t("try.no_answer")), h("p", {}, t(`core.status_${job.status}`)));
  }
  return [
    verdict(prediction),
    h("div", { class: "opinions" },
      opinion(t("try.together"), null, prediction.top, "fused"),
      prediction.text ? opinion(t("try.text_alone"), prediction.text.weight, prediction.text.top, "text") : unasked(t("try.text_alone"), t("try.without_text")),
      prediction.image ? opinion(t("try.photo_alone"), prediction.image.weight, prediction.image.top, "photo-model") : unasked(t("try.photo_alone"), t("try.without_photo"))),
    about(job, seconds),
  ];
}

function verdict(prediction) {
  return h("div", { class: "verdict" },
    prediction.photo ? photo(prediction.photo, { size: 192 }) : null,
    h("div", {},
      h("p", { class: "fine" }, prediction.designation ?? prediction.product_id ?? t("try.untitled")),
      h("h2", { id: "answer-title" }, categoryName(prediction.category)),
      h("p", { class: "confidence" }, t("try.confidence", percent(prediction.confidence, 1)), " ",
        prediction.needs_review ? h("span", { class: "badge warn" }, t("try.unsure")) : h("span", { class: "badge good" }, t("try.sure")))));
}

function opinion(title, weight, top, tone) {
  return h("section", { class: "opinion" },
    h("h3", {}, title, weight === null ? null : h("span", { class: "fine" }, ` · ${t("try.weight", percent(weight))}`)),
    scoreBars(top, tone));
}

function unasked(title, why) {
  return h("section", { class: "opinion" }, h("h3", {}, title), h("p", { class: "fine" }, why));
}

function about(job, seconds) {
  const { prediction } = job;
  const inside = (new Date(prediction.finished_at) - new Date(prediction.created_at)) / 1000;
  const figures = [
    seconds === null ? null : [t("try.took"), duration(seconds)],
    [t("try.took_inside"), duration(Math.max(inside, 0))],
    [t("try.code"), String(prediction.category.code)],
    [t("try.bundle"), prediction.model_version],
  ];
  return h("dl", { class: "about" }, figures.filter(Boolean).map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
}
