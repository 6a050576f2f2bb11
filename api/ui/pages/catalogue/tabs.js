// Two views of the same rows, one at a time (WAI-ARIA's tabs). Which one it is stands in the address.

import { h, newId } from "../../kit/elements.js";
import { keepInAddress } from "./query.js";

/**
 * Tabs over parts `{ name, label, element, open() }`, as `{ element, open(), choose(part) }`: `label` is the tab's node,
 * and `open` is called each time that the part comes to be seen. The one named `wanted` is the first that is seen.
 */
export function tabs(parts, wanted, signal) {
  if (parts.length === 1) return alone(parts[0]);
  const id = newId("tab");
  const buttons = parts.map(({ name, label }) => h("button", {
    class: "tab", type: "button", role: "tab", id: `${id}-${name}`, "aria-controls": `${id}-${name}-panel`,
    onclick: () => choose(parts.find((part) => part.name === name)),
  }, label));
  const panels = parts.map(({ name, element }) =>
    h("div", { role: "tabpanel", id: `${id}-${name}-panel`, "aria-labelledby": `${id}-${name}` }, element));
  let current = Math.max(parts.findIndex(({ name }) => name === wanted), 0);

  const mark = () => buttons.forEach((button, each) => {
    button.setAttribute("aria-selected", String(each === current));
    button.tabIndex = each === current ? 0 : -1;
    panels[each].hidden = each !== current;
  });
  const choose = (part) => {
    const chosen = parts.indexOf(part);
    if (chosen === current) return;
    current = chosen;
    mark();
    keepInAddress({ tab: current === 0 ? null : part.name }, signal);
    part.open();
  };
  const keys = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    choose(parts[(current + step + parts.length) % parts.length]);
    buttons[current].focus();
  };
  mark();
  const open = () => parts[current].open();
  const list = h("div", { class: "tabs", role: "tablist", onkeydown: keys }, buttons);
  return { element: h("section", {}, list, panels), open, choose };
}

/** A part that needs no tab is under a heading. */
function alone({ label, element, open }) {
  return { element: h("section", { class: "stack" }, h("h2", {}, label), element), open, choose: () => null };
}
