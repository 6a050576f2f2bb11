// The categories and what they are called in the reader's language.

import { currentLanguage } from "../kit/words.js";
import { get } from "./api.js";

let asked = null;
let known = new Map();

/** Every category, `{ code, name, name_en, products, predicted }`; asked once. */
export async function categories() {
  asked ??= get("/api/taxonomy").catch((problem) => {
    asked = null;
    throw problem;
  });
  const { items } = await asked;
  known = new Map(items.map((category) => [category.code, category]));
  return items;
}

/** Ask again when it is needed next: a category was declared, or a bundle brought some. */
export function forgetCategories() {
  asked = null;
}

/** What a category `{ code, name }` of an answer is called, once `categories()` has been there. */
export function categoryName({ code, name }) {
  const category = known.get(code);
  if (category === undefined) return name;
  return currentLanguage() === "en" ? category.name_en ?? category.name : category.name;
}

/** The same for one of which only the code is there. */
export function nameOfCode(code) {
  return categoryName({ code, name: String(code) });
}
