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
  const searched = [...known].sort((one, other) => categoryName(one).localeCompare(categoryName(other)));
  const choose = (category) => {
    control.value = categoryName(category);
    list.close();
    onChoose(category);
  };
  const list = listBelow(control, { listId, label, choose });
  const open = () => list.open(matching(searched, control.value));
  const cancel = () => {
    if (onCancel) onCancel();
    else if (list.isOpen()) list.close();
    else control.value = "";
  };
  element.classList.add("picker");
  element.append(...list.elements);
  control.addEventListener("input", () => {
    open();
    announce(list.isOpen() ? t("core.categories_found", list.found().length) : t("core.no_category_found"));
  });
  control.addEventListener("click", () => (list.isOpen() ? null : open()));
  control.addEventListener("blur", list.close);
  control.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const act = KEYS[event.key];
    if (act === undefined || (event.key === "Enter" && list.active() === null)) return;
    event.preventDefault(); // neither does the caret move nor is a form sent
    act({ list, open, cancel, choose, alt: event.altKey });
  });
  return { element, control, open };
}

/** The categories that every word of a text begins a word of, or is in; those that begin with it first. */
function matching(categories, text) {
  const wanted = words(text);
  if (wanted.length === 0) return [...categories];
  const ranked = categories.map((category) => ({ category, rank: rank(category, wanted) })).filter(({ rank }) => rank < Infinity);
  return ranked.sort((one, other) => one.rank - other.rank).map(({ category }) => category);
}

const KEYS = {
  ArrowDown: (picker) => move(picker, 1),
  ArrowUp: (picker) => (picker.alt ? picker.list.close() : move(picker, -1)),
  Enter: ({ list, choose }) => choose(list.active()),
  Escape: ({ cancel }) => cancel(),
};

function move({ list, open }, by) {
  const wasOpen = list.isOpen();
  if (!wasOpen) open();
  if (wasOpen || (list.isOpen() && list.active() === null)) list.step(by);
}

// The list of what was found; the field says which of it is active, and keeps the focus.
function listBelow(control, { listId, label, choose }) {
  const list = h("ul", { class: "picker-list", id: listId, role: "listbox", "aria-label": label, hidden: true });
  const rest = h("p", { class: "picker-rest fine", hidden: true });
  let found = [];
  let place = -1;
  const mark = (index) => {
    place = index;
    for (const [each, element] of [...list.children].entries()) element.setAttribute("aria-selected", String(each === place));
    list.children[place]?.scrollIntoView({ block: "nearest" });
    if (place < 0) control.removeAttribute("aria-activedescendant");
    else control.setAttribute("aria-activedescendant", list.children[place].id);
  };
  const open = (all) => {
    found = all.slice(0, MOST_SHOWN);
    replace(list, found.map((category) => option(category, () => choose(category))));
    list.hidden = found.length === 0;
    control.setAttribute("aria-expanded", String(!list.hidden));
    replace(rest, all.length === 0 ? t("core.no_category_found") : t("core.more_categories", number(all.length - found.length)));
    rest.hidden = found.length > 0 && all.length === found.length;
    mark(control.value.trim() && found.length ? 0 : -1); // what was typed means the first of them
  };
  const close = () => {
    list.hidden = rest.hidden = true;
    control.setAttribute("aria-expanded", "false");
    mark(-1);
  };
  const step = (by) => mark(place < 0 ? (by > 0 ? 0 : found.length - 1) : (place + by + found.length) % found.length);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the field
  return { elements: [list, rest], open, close, step, isOpen: () => !list.hidden, active: () => found[place] ?? null, found: () => found };
}

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
