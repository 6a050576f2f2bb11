// What the account has used of its quotas.

import { h } from "../../kit/elements.js";
import { bytes, dateTime, number, t } from "../../kit/words.js";
import { get } from "../../client/api.js";
import { problemBox } from "../../parts/problem.js";

/** The card; where it cannot be known just now, it says so. */
export async function usageCard(signal) {
  const card = (content) => h("section", { class: "card stack settings" }, h("h2", {}, t("account.usage")), content);
  try {
    const usage = await get("/api/users/me/usage", { signal });
    return card([
      meter(t("account.products"), usage.rows_today, usage.rows_per_day, number, t("account.products_hint", timeOfMidnight())),
      meter(t("account.stored"), usage.stored_bytes, usage.stored_bytes_limit, bytes, t("account.stored_hint")),
    ]);
  } catch (problem) {
    return card(problemBox(problem));
  }
}

function meter(label, used, most, said, hint) {
  const of = t("account.products_of", said(used), said(most));
  const bar = h("progress", { "aria-label": label, "aria-valuetext": of, max: String(most), value: Math.min(used, most) });
  const head = h("div", { class: "meter-head" }, h("span", {}, label), h("span", { class: "number" }, of));
  return h("div", { class: "meter" }, head, bar, h("p", { class: "fine" }, hint));
}

function timeOfMidnight() {
  return dateTime(new Date().setUTCHours(24, 0, 0, 0), { timeStyle: "short" });
}
