// All rows of a job, or those with errors, as a file in the format that somebody likes; it is liked the next time, too.

import { h, newId, replace } from "../../kit/elements.js";
import { announce, notify } from "../../kit/announce.js";
import { remember, remembered } from "../../kit/memory.js";
import { t } from "../../kit/words.js";
import { download } from "../../client/download.js";
import { whileBusy } from "../../parts/busy.js";
import { icon } from "../../parts/icons.js";
import { problemBox, sentences } from "../../parts/problem.js";

const FORMATS = ["csv", "xlsx", "ndjson", "parquet"];
const LIKED = "download_format";

/** A choice of formats and a button. `part` is `results` or `errors`. A download goes on when the page is left. */
export function downloads({ job, part, signal }) {
  const id = newId("format");
  const liked = remembered(LIKED);
  const formats = h("select", { class: "control small", id, onchange: () => remember(LIKED, formats.value) },
    FORMATS.map((format) => h("option", { value: format, selected: format === liked }, t(`catalogue.format_${format}`))));
  const trouble = h("div", { class: "trouble" });
  const fetchIt = () => whileBusy(button, async () => {
    replace(trouble);
    announce(t("catalogue.being_made"));
    try {
      notify(t("catalogue.saved", await download(`/api/jobs/${job.id}/${part}`, { query: { format: formats.value } })));
    } catch (problem) {
      if (signal.aborted) notify(sentences(problem).what);
      else replace(trouble, problemBox(problem));
    }
  });
  const button = h("button", { class: "button small", type: "button", onclick: fetchIt }, icon("download"), t(`catalogue.download_${part}`));
  return h("div", { class: "download" }, h("label", { class: "unseen", for: id }, t("catalogue.download_format")), formats, button, part === "results" ? h("p", { class: "fine download-note" }, t("catalogue.files_say")) : null, trouble);
}
