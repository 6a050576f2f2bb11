// A place for one photo: dropped, chosen or pasted, shown at once, and taken away again.

import { announce } from "../../kit/announce.js";
import { h, newId, replace } from "../../kit/elements.js";
import { bytes, t } from "../../kit/words.js";
import { takesDrops } from "../../parts/drops.js";
import { icon } from "../../parts/icons.js";

const TYPES = ["image/jpeg", "image/png", "image/webp", "image/gif"];
const LARGEST = 200 * 1024 * 1024; // what the API takes unless it is set otherwise

/** `{ element, file(), clear(), take(file) }`, with a `file` from the beginning or null. `changed` is called after each change. */
export function photoField({ file: first, changed, signal }) {
  let file = first;
  const id = newId("photo");
  const fault = h("p", { class: "field-fault", id: `${id}-fault`, "aria-live": "polite" });
  const input = h("input", { id, type: "file", accept: TYPES.join(","), "aria-describedby": `${id}-hint ${id}-fault`, onchange: () => input.files[0] && take(input.files[0]) });
  const zone = h("label", { class: "drop", for: id },
    icon("upload"),
    h("strong", {}, t("try.photo")),
    h("span", { id: `${id}-hint`, class: "fine" }, t("try.photo_hint")),
    input);
  const preview = h("div", { class: "photo-preview", hidden: true });
  const element = h("div", { class: "field" }, zone, preview, fault);

  function take(chosen) {
    input.value = "";
    const wrong = !TYPES.includes(chosen.type) ? t("try.photo_kind", chosen.name) : chosen.size > LARGEST ? t("try.photo_size", bytes(chosen.size)) : chosen.size === 0 ? t("try.photo_empty") : null;
    replace(fault, wrong);
    if (wrong) return;
    file = chosen;
    show();
    announce(t("try.photo_taken", chosen.name));
    changed();
  }

  function clear() {
    file = null;
    replace(fault);
    show();
    changed();
  }

  function forget() {
    for (const image of preview.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  }

  function show() {
    forget();
    zone.hidden = file !== null;
    preview.hidden = file === null;
    if (file === null) return;
    const again = h("button", { class: "button small", type: "button", onclick: takenAway }, t("try.photo_remove"));
    const image = h("img", { src: URL.createObjectURL(file), alt: t("try.photo_alternative"), onerror: () => image.replaceWith(h("p", { class: "fine" }, t("try.photo_unseen"))) });
    replace(preview, image, h("div", { class: "photo-about" }, h("span", { class: "fine" }, `${file.name} · ${bytes(file.size)}`), again));
  }

  function takenAway() {
    clear();
    input.focus();
  }

  show();
  signal.addEventListener("abort", forget, { once: true });
  takesDrops(zone, ([dropped]) => take(dropped));
  return { element, file: () => file, clear, take };
}
