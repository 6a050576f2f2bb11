// Two shares of one thing on a line: now (filled) and in the reference (hollow). It stands in a table beside its figures.

import { svg } from "../kit/elements.js";

const HEIGHT = 20;
const ROOM = 4; // percent at either end, for half a dot

/** `share` and `reference` of 0 to `most`, or null where they are not known. As wide as its place: the places along it are percentages. */
export function dumbbell({ share, reference, most }) {
  const x = (value) => `${(ROOM + (value / most) * (100 - 2 * ROOM)).toFixed(2)}%`;
  const y = HEIGHT / 2;
  return svg("svg", { class: "dumbbell", width: "100%", height: HEIGHT, "aria-hidden": "true" },
    svg("line", { class: "level", x1: x(0), x2: x(most), y1: y, y2: y }),
    reference === null || share === null ? null : svg("line", { class: "between", x1: x(reference), x2: x(share), y1: y, y2: y }),
    reference === null ? null : svg("circle", { class: "dot-reference", cx: x(reference), cy: y, r: 5 }),
    share === null ? null : svg("circle", { class: "dot-now", cx: x(share), cy: y, r: 4 }));
}
