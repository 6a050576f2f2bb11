// Having everything sent again that was not delivered since some time.

import { h } from "../../kit/elements.js";
import { notify } from "../../kit/announce.js";
import { t } from "../../kit/words.js";
import { asked } from "../../client/api.js";
import { field } from "../../parts/field.js";
import { formDialog } from "../../parts/form_dialog.js";

const BACK_HOURS = 24;

/** The button that asks since when. `done` is called when something is on its way again. */
export function recovering(path, { signal, done }) {
  return h("button", { class: "button", type: "button", onclick: () => recover(path, { signal, done }) }, t("webhooks.recover"));
}

async function recover(path, { signal, done }) {
  const since = field({
    label: t("webhooks.recover_since"),
    attributes: { name: "since", type: "datetime-local", required: true, value: localMinute(Date.now() - BACK_HOURS * 3600_000) },
  });
  let recovered = 0;
  const send = async () => {
    const moment = new Date(since.control.value);
    if (Number.isNaN(moment.getTime())) {
      since.fault(t("webhooks.recover_missing"));
      since.control.focus();
      return false;
    }
    ({ recovered } = await asked("POST", `${path}/recover`, { query: { since: moment.toISOString() } }));
    return true;
  };
  const sent = await formDialog({
    title: t("webhooks.recover_title"),
    content: [h("p", {}, t("webhooks.recover_text")), since.element],
    action: t("webhooks.recover_do"),
    fields: { since },
    send,
    signal,
  });
  if (!sent) return;
  notify(t("webhooks.recovered", recovered));
  if (recovered && !signal.aborted) done();
}

// As the browser's control writes it: the reader's own time, without a zone.
function localMinute(milliseconds) {
  const moment = new Date(milliseconds);
  return new Date(milliseconds - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
