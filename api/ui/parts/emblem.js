// The emblem: three products on a shelf.

import { svg } from "../kit/elements.js";

export function emblem() {
  const block = (x, y, width, height, tone) => svg("rect", { x, y, width, height, rx: 1, class: tone });
  return svg("svg", { class: "emblem", viewBox: "0 0 32 32", "aria-hidden": "true" },
    svg("rect", { width: 32, height: 32, rx: 7, class: "emblem-ground" }),
    svg("rect", { x: 6, y: 23, width: 20, height: 2.5, rx: 1.25, class: "emblem-first" }),
    block(7.5, 10, 5, 11.5, "emblem-first"),
    block(13.8, 13.5, 4.4, 8, "emblem-second"),
    block(19.5, 8, 5, 13.5, "emblem-third"));
}
