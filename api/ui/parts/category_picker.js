// Finding a category by typing: an editable combobox with a list (WAI-ARIA APG). French and English names and codes
// are looked through, whatever the language of the page; accents and the case of letters do not matter.

import { h, newId, replace } from "../kit/elements.js";
import { announce } from "../kit/announce.js";
import { number, t } from "../kit/words.js";
import { categoryName } from "../client/taxonomy.js";
import { field } from "./field.js";

const MOST_SHOWN = 50;

/**
 * A field that finds a category, `{ element, control, open() }`. `known` are the categories as `categories()` answers
 * them. `onChoose(category)` is called with the one that was chosen, and `onCancel` by Escape, which else closes the list.
 */
export function categoryPicker({ label, known, onChoose, onCancel = null }) {
  const listId = newId("categories");
  const { element, control } = field({
    label,
    hint: t("core.category_hint"),
    attributes: {
      role: "combobox", "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list",
      autocomplete: "off", autocapitalize: "none", spellcheck: "false", enterkeyhint: "done",
    },
  });
  const list = h("ul", { class: "picker-list", id: listId, role: "listbox", "aria-label": label, hidden: true });
  const rest = h("p", { class: "picker-rest fine", hidden: true });
  element.classList.add("picker");
  element.append(list, rest);
  const searched = [...known].sort((one, other) => categoryName(one).localeCompare(categoryName(other)));
  let found = [];
  let active = -1;

  const mark = (place) => {
    active = place;
    for (const [index, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(index === place));
    if (place < 0) {
      control.removeAttribute("aria-activedescendant");
      return;
    }
    control.setAttribute("aria-activedescendant", list.children[place].id);
    list.children[place].scrollIntoView({ block: "nearest" });
  };
  const close = () => {
    list.hidden = rest.hidden = true;
    control.setAttribute("aria-expanded", "false");
    mark(-1);
  };
  const open = () => {
    const all = matching(searched, control.value);
    found = all.slice(0, MOST_SHOWN);
    replace(list, found.map((category) => option(category, () => choose(category))));
    list.hidden = found.length === 0;
    control.setAttribute("aria-expanded", String(!list.hidden));
    replace(rest, all.length === 0 ? t("core.no_category_found") : t("core.more_categories", number(all.length - found.length)));
    rest.hidden = found.length > 0 && all.length === found.length;
    mark(control.value.trim() && found.length ? 0 : -1); // what was typed means the first of them
  };
  const choose = (category) => {
    control.value = categoryName(category);
    close();
    onChoose(category);
  };
  const step = (by) => {
    if (list.hidden) open();
    if (found.length) mark(active < 0 ? (by > 0 ? 0 : found.length - 1) : (active + by + found.length) % found.length);
  };
  const cancel = () => {
    if (onCancel) onCancel();
    else if (!list.hidden) close();
    else control.value = "";
  };

  control.addEventListener("input", () => {
    open();
    announce(found.length ? t("core.categories_found", found.length) : t("core.no_category_found"));
  });
  control.addEventListener("click", () => (list.hidden ? open() : null));
  control.addEventListener("blur", close);
  control.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const act = KEYS[event.key];
    if (act === undefined || (event.key === "Enter" && active < 0)) return;
    event.preventDefault(); // neither does the caret move nor is a form sent
    act({ step, cancel, choose: () => choose(found[active]), closes: event.altKey, close });
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the field
  return { element, control, open };
}

/** The categories that every word of a text begins a word of, or is in; those that begin with it first. */
export function matching(categories, text) {
  const wanted = words(text);
  if (wanted.length === 0) return [...categories];
  const ranked = categories.map((category) => ({ category, rank: rank(category, wanted) })).filter(({ rank }) => rank < Infinity);
  return ranked.sort((one, other) => one.rank - other.rank).map(({ category }) => category);
}

const KEYS = {
  ArrowDown: ({ step }) => step(1),
  ArrowUp: ({ step, closes, close }) => (closes ? close() : step(-1)),
  Enter: ({ choose }) => choose(),
  Escape: ({ cancel }) => cancel(),
};

function option(category, chosen) {
  const shown = categoryName(category);
  const other = [category.name, category.name_en].find((name) => name && name !== shown);
  return h("li", { id: newId("category"), role: "option", "aria-selected": "false", onclick: chosen },
    h("span", { class: "picker-name" }, shown),
    h("span", { class: "picker-more" }, other ? `${other} · ` : null, category.code));
}

// 0: the name or the code begins with the text; 1: each word begins one of the names' words; 2: each is somewhere in them.
function rank({ name, name_en: english, code }, wanted) {
  const texts = [name, english ?? "", String(code)].map(plain);
  if (texts.some((text) => text.startsWith(wanted.join(" ")))) return 0;
  const parts = texts.flatMap((text) => text.split(" "));
  if (wanted.every((word) => parts.some((part) => part.startsWith(word)))) return 1;
  return wanted.every((word) => texts.some((text) => text.includes(word))) ? 2 : Infinity;
}

function words(text) {
  return plain(text).split(" ").filter(Boolean);
}

// Lower case, without accents and punctuation, and with the letters that œ and æ stand for.
function plain(text) {
  const letters = text.toLowerCase().replaceAll("œ", "oe").replaceAll("æ", "ae").normalize("NFD").replace(/\p{M}/gu, "");
  return letters.replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}
