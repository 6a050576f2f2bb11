// The frame of a chart over time or over bins: horizontal lines with figures at the left, and names below.

import { svg } from "../kit/elements.js";

const ABOVE = 14; // room for marks, and for half of the topmost figure
const BELOW = 22;
const PER_CHARACTER = 8; // pixels, of the figures at the left

/** The room that is left for the picture, `{ left, right, top, bottom }`, beside figures as long as these. */
export function room(width, height, figures) {
  const longest = Math.max(...figures.map((text) => text.length));
  return { left: longest * PER_CHARACTER + 10, right: width - 6, top: ABOVE, bottom: height - BELOW };
}

/** Lines across with their figures: `[{ y, text }]`. The first one is the base. */
export function levels(area, lines) {
  return svg("g", { class: "axis" }, lines.map(({ y, text }, place) => [
    svg("line", { x1: area.left, x2: area.right, y1: y, y2: y, class: place === 0 ? "base" : "level" }),
    svg("text", { x: area.left - 8, y: y + 4, "text-anchor": "end" }, text),
  ]));
}

/** Names below the base with a small stroke each: `[{ x, text }]`. Those at the edges stay inside. */
export function below(area, width, names) {
  return svg("g", { class: "axis" }, names.map(({ x, text }) => {
    const half = (text.length * PER_CHARACTER) / 2;
    return [
      svg("line", { x1: x, x2: x, y1: area.bottom, y2: area.bottom + 4, class: "base" }),
      svg("text", { x: Math.min(Math.max(x, half), width - half), y: area.bottom + 17, "text-anchor": "middle" }, text),
    ];
  }));
}

/** The picture itself, which a reader of the page hears as `label`; without one it is not heard. */
export function picture(width, height, label, ...content) {
  const heard = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return svg("svg", { class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, ...heard }, content);
}
