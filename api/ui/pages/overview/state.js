// At the top: what is wrong and what to do about it, or that all is well.

import { announce } from "../../kit/announce.js";
import { h, replace } from "../../kit/elements.js";
import { t } from "../../kit/words.js";
import { withReason } from "../../parts/in_english.js";
import { troublesOf } from "./troubles.js";

/** `{ element, update(monitor) }`. What has come or gone since is read out; what stays is not. */
export function stateSection() {
  const list = h("div", { class: "stack-small" });
  let before = null;
  const update = (monitor) => {
    const troubles = troublesOf(monitor);
    const well = { level: "good", what: t("overview.all_is_well"), todo: t(isDriftKnown(monitor) ? "overview.all_is_well_more" : "overview.all_is_well_so_far") };
    const said = troubles.length ? troubles.map(sentences) : [well];
    if (JSON.stringify(said) !== before?.said) replace(list, said.map(box));
    const names = troubles.map(({ name, values }) => `${name} ${values.lane ?? ""}`).join();
    if (before !== null && names !== before.names) announce(said.map((each) => [withReason(each), " "]));
    before = { said: JSON.stringify(said), names };
  };
  const heading = h("h2", { class: "unseen", id: "overview-state" }, t("overview.state"));
  return { element: h("section", { "aria-labelledby": "overview-state" }, heading, list), update };
}

function isDriftKnown({ drift }) {
  return drift !== null && drift.features.some(({ state }) => state === "stable");
}

function sentences({ level, name, values }) {
  return { level, what: t(`overview.trouble_${name}`, values), reason: values.reason, todo: t(`overview.trouble_${name}_todo`, values) };
}

function box(said) {
  const { level, todo } = said;
  return h("div", { class: `alert ${level}` }, h("p", { class: "alert-what" }, t(`overview.level_${level}`), withReason(said)), h("p", {}, todo));
}
