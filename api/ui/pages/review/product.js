// A product to be judged: its photo and texts, and what each model alone made of it.

import { h, replace } from "../../kit/elements.js";
import { t } from "../../kit/words.js";
import { photo } from "../../parts/photo.js";
import { scoreBars } from "../../parts/score_bars.js";
import { PHOTO_SIZE } from "./queue.js";

const LONG_TEXT = 420; // characters of a description that are shown at once
const OPINIONS = 3; // categories of each model alone

/** What a product is called: its title, or what else it is known by. */
export function titleOf({ designation, product_id: productId }) {
  return designation || (productId ? t("review.product", productId) : t("review.nameless"));
}

/** Photo and title: what is looked at first. `note` is what has to be said about it, if anything. */
export function productCard(item, note) {
  const title = titleOf(item);
  return h("div", { class: "review-product" },
    item.photo
      ? photo(item.photo, { size: PHOTO_SIZE, alternative: t("review.photo_of", title) })
      : h("p", { class: "photo without-photo" }, t("core.no_photo")),
    h("div", { class: "review-texts" },
      h("h2", { class: "review-title" }, title),
      item.product_id && item.designation ? h("p", { class: "fine" }, t("review.product", item.product_id)) : null,
      note));
}

/** Description and opinions: what is looked at where the first glance does not tell. */
export function productDetails(item) {
  return h("div", { class: "review-details stack" },
    item.description ? description(item.description) : null,
    h("div", { class: "review-opinions" },
      opinion(item.text, "text"),
      opinion(item.image, "photo-model")));
}

function description(text) {
  const shown = h("p", { class: "review-description" }, text);
  if (text.length <= LONG_TEXT) return shown;
  replace(shown, `${text.slice(0, LONG_TEXT)} … `);
  const whole = h("button", { class: "button quiet small", type: "button", "aria-expanded": "false" }, t("review.whole_text"));
  whole.addEventListener("click", () => {
    const wide = whole.getAttribute("aria-expanded") !== "true";
    whole.setAttribute("aria-expanded", String(wide));
    replace(shown, wide ? text : `${text.slice(0, LONG_TEXT)} … `);
  });
  return h("div", {}, shown, whole);
}

function opinion(model, tone) {
  return h("section", {},
    h("h3", {}, t(`review.alone_${tone}`)),
    model ? scoreBars(model.top.slice(0, OPINIONS), tone) : h("p", { class: "fine" }, t(`review.without_${tone}`)));
}
