// What is said of a file before it is sent, and how far it is while it is sent.

import { announce } from "../../kit/announce.js";
import { h, replace } from "../../kit/elements.js";
import { bytes, number, t } from "../../kit/words.js";
import { delimiterName } from "../../parts/delimiters.js";
import { field } from "../../parts/field.js";
import { problemBox } from "../../parts/problem.js";
import { FileTrouble } from "../../catalogue_files/trouble.js";
import { send } from "./draft.js";
import { columnMapping } from "./mapping.js";
import { troubleBox } from "./trouble_box.js";
import { uploadProgress } from "./upload_progress.js";

const LONGEST_NAME = 200;

/** `{ element, focus() }`; `discarded` is called when another file is to be chosen, `sent` with the job that there is. */
export function draftForm(draft, { webhooks, signal, discarded, sent }) {
  const { file, preview } = draft;
  const heading = h("h2", { tabindex: "-1", class: "file-name" }, file.name);
  const mapping = preview.table ? columnMapping(draft) : null;
  const fields = h("fieldset", { class: "stack draft-fields" },
    h("legend", { class: "unseen" }, t("catalogues.about")),
    mapping ? mapping.element : troubleBox(preview.trouble, file.name),
    h("div", { class: "fields" }, nameField(draft), webhooks.length ? webhookField(draft, webhooks) : null));
  const button = h("button", { class: "button primary" }, t("catalogues.send"));
  const actions = h("div", { class: "actions" }, button, h("button", { class: "button quiet", type: "button", onclick: discarded }, t("catalogues.other_file")));
  const progress = uploadProgress(() => draft.upload.stop.abort());
  const trouble = h("div", {});
  const element = h("form", { class: "stack", novalidate: true, onsubmit: submitted },
    h("div", {}, heading, h("p", { class: "fine" }, facts(file, preview))), fields, trouble, progress.element, actions);

  function submitted(event) {
    event.preventDefault();
    if (draft.upload || (mapping && !mapping.isUsable())) return;
    send(draft);
  }

  let isSending = false;
  const update = () => {
    const began = draft.upload !== null && !isSending;
    const stopped = draft.upload === null && isSending;
    isSending = draft.upload !== null;
    fields.disabled = isSending;
    actions.hidden = isSending;
    progress.update(draft.upload);
    if (began) {
      replace(trouble);
      progress.focus();
    }
    if (draft.problem && !isSending) replace(trouble, problemOf(draft, () => send(draft)));
    if (stopped) button.focus();
    if (stopped && !draft.problem) announce(t("catalogues.stopped"));
  };
  draft.changed = update;
  draft.arrived = sent;
  signal.addEventListener("abort", () => {
    if (draft.changed === update) Object.assign(draft, { changed: null, arrived: null });
  });
  update();
  return { element, focus: () => heading.focus() };
}

function problemOf({ problem, file }, again) {
  if (problem instanceof FileTrouble) return troubleBox(problem, file.name);
  return problemBox(problem, problem.status === 0 ? again : null);
}

function nameField(draft) {
  const attributes = { value: draft.name, maxlength: LONGEST_NAME, autocomplete: "off", oninput: (event) => (draft.name = event.target.value) };
  return field({ label: t("catalogues.name"), hint: t("catalogues.name_hint"), attributes }).element;
}

function webhookField(draft, webhooks) {
  const choose = (event) => (draft.webhook = event.target.value);
  const option = (value, text) => h("option", { value, selected: value === draft.webhook }, text);
  return field({ label: t("catalogues.webhook"), hint: t("catalogues.webhook_hint"), tag: "select", attributes: { onchange: choose } },
    option("", t("catalogues.webhook_none")), webhooks.map(({ url }) => option(url, url))).element;
}

/** What was found out about a file, in a line. */
function facts(file, { format, compressed, inside, photos, table }) {
  return [
    t(`catalogues.format_${format}`),
    bytes(file.size),
    compressed ? t("catalogues.compressed") : null,
    inside,
    photos === null ? null : t("catalogues.photos", number(photos), photos),
    table?.encoding ? table.encoding.toUpperCase().replace("WINDOWS", "Windows") : null,
    table?.delimiter ? t("catalogues.delimiter", delimiterName(table.delimiter)) : null,
    table?.count ? t("catalogues.rows", number(table.count), table.count) : null,
  ].filter(Boolean).join(" · ");
}
