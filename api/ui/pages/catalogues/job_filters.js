// Which jobs are listed: those of a kind, of a status.

import { h } from "../../kit/elements.js";
import { t } from "../../kit/words.js";
import { may } from "../../client/session.js";
import { field } from "../../parts/field.js";

const STATUSES = ["queued", "running", "succeeded", "partially_succeeded", "failed", "canceled", "expired"];
const KINDS = ["catalogue", "ingest"]; // of labelled data, which administrators send

/** What an address asks for, `{ kind, status }`; without a status, whatever it is. */
export function wantedJobs(query) {
  const [kind, status] = [query.get("kind"), query.get("status")];
  return { kind: may("admin") && KINDS.includes(kind) ? kind : "catalogue", status: STATUSES.includes(status) ? status : "" };
}

/** Fields that change what is `wanted`, `{ element, clear() }`; `changed` is called after each choice. */
export function jobFilters(wanted, changed) {
  const status = choice(wanted, "status", ["", ...STATUSES], (value) => t(value ? `core.status_${value}` : "core.all"), changed);
  const kind = may("admin") ? choice(wanted, "kind", KINDS, (value) => t(`catalogues.kind_${value}`), changed) : null;
  const clear = () => {
    wanted.status = "";
    status.control.value = "";
    status.control.focus();
    return changed();
  };
  return { element: h("div", { class: "sent-filters" }, kind?.element, status.element), clear };
}

function choice(wanted, name, values, text, changed) {
  const choose = ({ target }) => {
    wanted[name] = target.value;
    changed();
  };
  const options = values.map((value) => h("option", { value, selected: value === wanted[name] }, text(value)));
  return field({ label: t(`catalogues.${name}`), tag: "select", attributes: { class: "control small", onchange: choose } }, options);
}
