// What a bundle is, in a word or two: the one that answers, one that was refused, one of demo data.

import { h } from "../../kit/elements.js";
import { t } from "../../kit/words.js";

/** Badges for a bundle of the API; none for one that is simply there. */
export function bundleBadges({ active, refused, demo }) {
  return [
    active ? h("span", { class: "badge good" }, t("models.active")) : null,
    refused === null ? null : h("span", { class: "badge bad" }, t("models.refused")),
    demo ? h("span", { class: "badge" }, t("models.demo")) : null,
  ];
}
