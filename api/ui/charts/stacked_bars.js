// Amounts over time: a bar for each point, its parts one upon the other, and a mark where something went wrong.

import { svg } from "../kit/elements.js";
import { timeChart } from "./time_chart.js";

const GAP = 1; // pixels between bars
const MARK = 9;

/**
 * `series`: `[{ tone, values }]`, the first one at the bottom; `marked`: for each point whether it gets a mark.
 * Answers `{ element, pointAt }`.
 */
export function stackedBars({ starts, step, series, marked, format }, width, read = null) {
  const sums = starts.map((_, place) => series.reduce((sum, { values }) => sum + values[place], 0));
  const chart = timeChart({ starts, step, most: Math.max(...sums), format, width });
  const content = starts.map((start, place) => [
    bars(chart, start, step, series.map(({ tone, values }) => ({ tone, value: values[place] }))),
    marked[place] ? mark((chart.x(start) + chart.x(start + step)) / 2, chart.y(sums[place]) - 3) : null,
  ]);
  return { element: chart.drawn(content, read), pointAt: chart.pointAt };
}

function bars({ x, y }, start, step, parts) {
  let below = 0;
  return parts.filter(({ value }) => value > 0).map(({ tone, value }) => {
    const [bottom, top] = [y(below), y(below + value)];
    below += value;
    const width = Math.max(x(start + step) - x(start) - GAP, 1);
    return svg("rect", { class: `bar-${tone}`, x: x(start) + GAP / 2, y: top, width, height: Math.max(bottom - top, 1) });
  });
}

/** A triangle that stands on its point: what went wrong, readable without its colour. */
function mark(x, y) {
  return svg("path", { class: "chart-mark", d: `M${x} ${y}l${-MARK / 2} ${-MARK}h${MARK}z` });
}
