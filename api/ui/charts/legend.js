// What the shapes of a chart stand for.

import { h, svg } from "../kit/elements.js";

/** `entries`: `[{ shape, tone, text }]`; a shape is `bar`, `line`, `dot`, `mark` or `outline`. */
export function legend(entries) {
  return h("ul", { class: "chart-legend" }, entries.map(({ shape, tone, text }) => h("li", {}, swatch(shape, tone), text)));
}

function swatch(shape, tone) {
  const shapes = {
    bar: () => svg("rect", { class: `bar-${tone}`, x: 3, y: 2, width: 12, height: 10 }),
    line: () => svg("line", { class: `line-${tone}`, x1: 0, x2: 18, y1: 7, y2: 7 }),
    dot: () => svg("circle", { class: `dot-${tone}`, cx: 9, cy: 7, r: 4.5 }),
    mark: () => svg("path", { class: "chart-mark", d: "M9 12L4 2h10z" }),
    outline: () => svg("path", { class: "chart-outline", d: "M1 12V5h8V2h8v10" }),
  };
  return svg("svg", { class: "swatch", width: 18, height: 14, viewBox: "0 0 18 14", "aria-hidden": "true" }, shapes[shape]());
}
