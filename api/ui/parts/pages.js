// A long list a page at a time, by the API's cursors. No more than one page is in the document.

import { h, replace } from "../kit/elements.js";
import { announce } from "../kit/announce.js";
import { t } from "../kit/words.js";
import { loading } from "./busy.js";
import { problemBox } from "./problem.js";

/**
 * A list `{ element, open(), again(), size() }`: `open` begins with its first page, `again` fetches the page that is shown once more.
 * `fetchPage(cursor)` resolves to `{ items, next_cursor }`; `draw(items)` is what stands for them, `empty()` for none of
 * them; `range(first, last)` says which ones are shown, and `signal` that the page of the list was left.
 */
export function pages({ fetchPage, draw, empty, range, signal }) {
  const body = h("div", { class: "pages-body", tabindex: "-1" });
  const shown = h("p", { class: "fine" });
  const earlier = h("button", { class: "button small", type: "button", onclick: () => turn(-1) }, t("core.previous_page"));
  const later = h("button", { class: "button small", type: "button", onclick: () => turn(1) }, t("core.next_page"));
  const foot = h("nav", { class: "pages-foot", "aria-label": t("core.pages_of_list"), hidden: true }, shown, h("div", { class: "actions" }, earlier, later));
  const element = h("div", { class: "pages" }, body, foot);
  let starts = [{ cursor: null, first: 1 }]; // of the pages up to the one that is shown, and of the next one
  let place = 0;
  let asked = 0;
  let items = [];

  const turn = async (step) => {
    const button = step < 0 ? earlier : later;
    if (button.getAttribute("aria-disabled") === "true") return;
    if (!await load(place + step)) return;
    if (element.getBoundingClientRect().top < 0) element.scrollIntoView({ block: "start" });
    announce(shown.textContent);
  };

  async function load(wanted) {
    asked += 1;
    const mine = asked;
    body.setAttribute("aria-busy", "true");
    if (items.length === 0) replace(body, loading());
    try {
      const page = await fetchPage(starts[wanted].cursor);
      if (mine !== asked) return false; // something else is wanted by now
      show(wanted, page);
      return true;
    } catch (problem) {
      if (mine !== asked || signal.aborted) return false;
      items = [];
      foot.hidden = true;
      replace(body, problemBox(problem, () => anew(wanted)));
      return false;
    } finally {
      if (mine === asked) body.removeAttribute("aria-busy");
    }
  }

  async function anew(wanted) {
    if (await load(wanted)) body.focus({ preventScroll: true }); // the button that had it has gone
  }

  function show(wanted, page) {
    place = wanted;
    items = page.items;
    const { first } = starts[place];
    const last = first + items.length - 1;
    starts = starts.slice(0, place + 1);
    if (page.next_cursor !== null) starts.push({ cursor: page.next_cursor, first: last + 1 });
    replace(body, items.length ? draw(items) : empty());
    replace(shown, range(first, last));
    possible(earlier, place > 0);
    possible(later, page.next_cursor !== null);
    foot.hidden = starts.length === 1;
  }

  const open = () => {
    starts = [{ cursor: null, first: 1 }];
    return load(0);
  };
  return { element, open, again: () => load(place), size: () => items.length };
}

// Not `disabled`: a button that is pressed to the end of the list keeps the focus.
function possible(button, is) {
  if (is) button.removeAttribute("aria-disabled");
  else button.setAttribute("aria-disabled", "true");
}
