// Choosing a file: dropped or picked, and looked into before anything else is asked.

import { announce } from "../../kit/announce.js";
import { h, newId, replace } from "../../kit/elements.js";
import { t } from "../../kit/words.js";
import { ACCEPTED } from "../../catalogue_files/kinds.js";
import { previewOf } from "../../catalogue_files/preview.js";
import { FileTrouble } from "../../catalogue_files/trouble.js";
import { takesDrops } from "../../parts/drops.js";
import { icon } from "../../parts/icons.js";
import { beginDraft } from "./draft.js";
import { troubleBox } from "./trouble_box.js";

/** `{ element }`; `chosen` is called with the draft of a file that can be sent. */
export function fileChooser(chosen) {
  const id = newId("catalogue");
  const input = h("input", { id, type: "file", accept: ACCEPTED, "aria-describedby": `${id}-hint`, onchange: () => take([...input.files]) });
  const words = h("strong", {}, t("catalogues.drop"));
  const zone = h("label", { class: "drop", for: id }, icon("upload"), words, h("span", { id: `${id}-hint`, class: "fine" }, t("catalogues.drop_hint")), input);
  const trouble = h("div", { class: "stack" });
  let last = 0;

  async function take(files) {
    input.value = ""; // so that the same file can be chosen again
    if (files.length === 0) return;
    last += 1;
    const mine = last;
    replace(trouble);
    replace(words, t("catalogues.looking"));
    announce(t("catalogues.looking"));
    try {
      if (files.length > 1) throw new FileTrouble("SEVERAL_FILES");
      const preview = await previewOf(files[0]);
      if (mine === last) chosen(beginDraft(files[0], preview));
    } catch (error) {
      if (!(error instanceof FileTrouble)) throw error;
      if (mine === last) replace(trouble, troubleBox(error, files[0].name));
    } finally {
      if (mine === last) replace(words, t("catalogues.drop"));
    }
  }

  takesDrops(zone, take);
  return { element: h("div", { class: "stack" }, h("h2", {}, t("catalogues.new")), zone, trouble) };
}
