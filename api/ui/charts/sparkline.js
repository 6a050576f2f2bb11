// How a figure has moved, as a line without axes; what it says in words stands beside it.

import { svg } from "../kit/elements.js";
import { linear } from "./scale.js";
import { runs } from "./lines.js";

const WIDTH = 120;
const HEIGHT = 28;
const EDGE = 3;

/** `points`: `[{ at, value }]` in order, `at` in milliseconds, `value` null where there was nothing. */
export function sparkline(points) {
  const values = points.map(({ value }) => value);
  const x = linear([points[0].at, points.at(-1).at], [EDGE, WIDTH - EDGE]);
  const y = linear([0, Math.max(1, ...values.map((value) => value ?? 0))], [HEIGHT - EDGE, EDGE]);
  const place = (each) => `${x(points[each].at).toFixed(1)},${y(values[each]).toFixed(1)}`;
  const last = values.length - 1;
  return svg("svg", { class: "sparkline", width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
    svg("line", { class: "level", x1: 0, x2: WIDTH, y1: HEIGHT - EDGE, y2: HEIGHT - EDGE }),
    runs(values).map((run) => svg("polyline", { class: "line-now", points: run.map(place).join(" ") })),
    values[last] === null ? null : svg("circle", { class: "dot-now", cx: x(points[last].at), cy: y(values[last]), r: 2.5 }));
}
