// Which rows of a catalogue are shown. What is chosen stands in the address.

import { h, newId } from "../../kit/elements.js";
import { percent, t } from "../../kit/words.js";
import { categories, categoryName } from "../../client/taxonomy.js";
import { field } from "../../parts/field.js";
import { keepInAddress } from "./query.js";

const NAMES = ["search", "code", "needs_review", "below", "changed"]; // as the API calls them
const SHARES = [0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2];
const TYPING_MILLISECONDS = 300;

/**
 * The filters, `{ element, values(), any(), set(values), clear() }`. `query` is the address's at the beginning; `apply`
 * is called each time that something else is wanted.
 */
export async function filters({ compared, query, signal, apply }) {
  const fields = {
    search: field({ label: t("catalogue.search"), attributes: { type: "search", name: "search", autocomplete: "off", maxlength: "200", placeholder: t("catalogue.search_hint") } }),
    code: choice("code", t("catalogue.category"), await categoryOptions()),
    needs_review: choice("needs_review", t("catalogue.review"), ["true", "false"].map((value) => [value, t(`catalogue.review_${value}`)])),
    below: choice("below", t("catalogue.below"), SHARES.map((share) => [String(share), t("catalogue.below_share", percent(share))])),
  };
  const changed = h("input", { type: "checkbox", id: newId("changed"), name: "changed" });
  const controls = { ...Object.fromEntries(Object.entries(fields).map(([name, { control }]) => [name, control])), changed };
  const reset = h("button", { class: "button quiet small", type: "button" }, t("catalogue.all_rows"));

  const values = () => Object.fromEntries(NAMES.map((name) => [name, valueOf(controls[name])]));
  const any = () => Object.values(values()).some((value) => value !== null);
  const set = (wanted) => {
    for (const name of NAMES) fill(controls[name], wanted[name] ?? null);
    reset.hidden = !any();
  };
  const changedNow = () => {
    keepInAddress(values(), signal);
    reset.hidden = !any();
    apply();
  };
  const clear = () => {
    set({});
    changedNow();
    controls.search.focus(); // the button that was pressed may have gone
  };
  reset.addEventListener("click", clear);

  let typing = null;
  controls.search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => signal.aborted || changedNow(), TYPING_MILLISECONDS);
  });
  for (const name of NAMES.slice(1)) controls[name].addEventListener("change", changedNow);
  set(Object.fromEntries(NAMES.map((name) => [name, query.get(name)])));

  const element = h("form", { class: "filters", role: "search", "aria-label": t("catalogue.filters"), onsubmit: (event) => event.preventDefault() },
    Object.values(fields).map(({ element: each }) => each),
    compared ? h("label", { class: "choice", for: changed.id }, changed, t("catalogue.changed_only")) : null,
    reset);
  return { element, values, any, clear, set: (wanted) => { set(wanted); changedNow(); } };
}

function choice(name, label, options) {
  const all = h("option", { value: "" }, t("catalogue.any"));
  return field({ label, tag: "select", attributes: { name } }, all, options.map(([value, text]) => h("option", { value }, text)));
}

async function categoryOptions() {
  const named = (await categories()).map((category) => [String(category.code), categoryName(category)]);
  return named.sort(([, one], [, other]) => one.localeCompare(other));
}

function valueOf(control) {
  if (control.type === "checkbox") return control.checked ? "true" : null;
  return control.value.trim() || null;
}

function fill(control, value) {
  if (control.type === "checkbox") control.checked = value === "true";
  else if (control.tagName === "SELECT") choose(control, value);
  else control.value = value ?? "";
}

/** Choose a value; one that nobody offers, as an address may have it, is left out. */
function choose(select, value) {
  select.value = value ?? "";
  if (select.selectedIndex < 0) select.value = "";
}
