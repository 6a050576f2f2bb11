// Reading a chart over time point by point, with the pointer or with the arrow keys. It is a slider: screen readers know
// how to move one, and say each point's figures as its value.

import { h, replace } from "../kit/elements.js";
import { t } from "../kit/words.js";
import { sized } from "./sized.js";

const FAR = 10; // points that Page Up and Page Down move by
const MOVES = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -FAR, PageUp: FAR, Home: -Infinity, End: Infinity };

/**
 * `{ element, update(data) }`. `label` names the chart. `data` has `starts`, a `describe(place)` that says a point in
 * words, and `draw(width, read)`, which answers `{ element, pointAt(pixel) }`.
 */
export function reader(label) {
  const reading = { data: null, start: null, pointAt: null }; // `start` of the point that is read: its place moves on
  const words = h("p", { class: "chart-reading fine" });
  const place = sized((width) => {
    const drawn = reading.data.draw(width, placeOf(reading));
    reading.pointAt = drawn.pointAt;
    return drawn.element;
  });
  const slider = h("div", { class: "readable", role: "slider", tabindex: "0", "aria-label": label, "aria-orientation": "horizontal" }, place.element);
  const show = () => {
    const at = placeOf(reading);
    replace(words, at === null ? t("charts.how_to_read") : reading.data.describe(at));
    tell(slider, reading.data, at);
    place.redraw();
  };
  const read = (at) => {
    reading.start = at === null ? null : reading.data.starts[at];
    show();
  };
  listen(slider, place.element, reading, read);
  return {
    element: h("div", { class: "stack-small" }, slider, words),
    update: (data) => {
      reading.data = data;
      show();
    },
  };
}

function listen(slider, place, reading, read) {
  const focused = () => document.activeElement === slider;
  const last = () => reading.data.starts.length - 1;
  const pointed = (event) => {
    if (reading.pointAt !== null) read(reading.pointAt(event.clientX - place.getBoundingClientRect().left));
  };
  slider.addEventListener("pointermove", pointed);
  slider.addEventListener("pointerdown", pointed);
  slider.addEventListener("pointerleave", () => (focused() ? null : read(null)));
  slider.addEventListener("focus", () => read(placeOf(reading) ?? last()));
  slider.addEventListener("blur", () => read(null));
  slider.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (move === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    read(Math.min(Math.max((placeOf(reading) ?? last()) + move, 0), last()));
  });
}

function placeOf({ data, start }) {
  if (start === null) return null;
  const place = data.starts.indexOf(start);
  return place < 0 ? 0 : place; // it has moved out at the left
}

function tell(slider, data, at) {
  const now = at ?? data.starts.length - 1;
  const said = { "aria-valuemin": 0, "aria-valuemax": data.starts.length - 1, "aria-valuenow": now, "aria-valuetext": data.describe(now) };
  for (const [name, value] of Object.entries(said)) {
    if (slider.getAttribute(name) !== String(value)) slider.setAttribute(name, value); // what stays is not said again
  }
}
