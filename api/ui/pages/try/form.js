// What is to be tried: a photo, a title, a description.

import { h } from "../../kit/elements.js";
import { t } from "../../kit/words.js";
import { newKey } from "../../client/keys.js";
import { whileBusy } from "../../parts/busy.js";
import { field } from "../../parts/field.js";
import { photoField } from "./photo_field.js";

const TITLE_LENGTH = 1000; // the API's limits, in characters
const DESCRIPTION_LENGTH = 100_000;

// What was filled in, also while other pages are looked at and in another language.
const draft = { photo: null, designation: "", description: "" };

/** The form. `submit(form, key)` sends a FormData; its key stays the same until something has been changed or answered. */
export function productForm({ submit, signal }) {
  let key = newKey();
  const changed = () => {
    key = newKey();
    title.fault();
    Object.assign(draft, { photo: photo.file(), designation: title.control.value, description: description.control.value });
  };
  const photo = photoField({ file: draft.photo, changed, signal });
  const title = field({ label: t("try.designation"), attributes: { name: "designation", maxlength: TITLE_LENGTH, autocomplete: "off", placeholder: t("try.designation_example"), value: draft.designation, oninput: changed } });
  const description = field({ label: t("try.description"), tag: "textarea", attributes: { name: "description", maxlength: DESCRIPTION_LENGTH, rows: 5, value: draft.description, oninput: changed } });
  const button = h("button", { class: "button primary" }, t("try.classify"));
  const clear = () => {
    element.reset();
    photo.clear();
    changed();
    title.control.focus();
  };

  function product() {
    const form = new FormData();
    const texts = { designation: title.control.value.trim(), description: description.control.value.trim() };
    for (const [name, value] of Object.entries(texts)) if (value) form.append(name, value);
    if (photo.file()) form.append("image", photo.file(), photo.file().name);
    return form;
  }

  async function sent(event) {
    event.preventDefault();
    const form = product();
    if ([...form.keys()].length === 0) {
      title.fault(t("try.empty"));
      title.control.focus();
      return;
    }
    await whileBusy(button, async () => {
      if (await submit(form, key)) key = newKey();
    });
  }

  // A photo that was copied somewhere else, pasted anywhere on the page.
  document.addEventListener("paste", (event) => {
    const [pasted] = event.clipboardData?.files ?? [];
    if (pasted) photo.take(pasted);
  }, { signal });

  const element = h("form", { class: "card stack product-form", onsubmit: sent, "aria-label": t("try.product") },
    photo.element, title.element, description.element,
    h("div", { class: "actions" }, button, h("button", { class: "button quiet", type: "button", onclick: clear }, t("try.clear"))));
  return element;
}
