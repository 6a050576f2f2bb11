// Figures over time as lines, which break off where there was nothing to measure.

import { svg } from "../kit/elements.js";
import { timeChart } from "./time_chart.js";

/** `series`: `[{ tone, values }]`, null where there is nothing. Answers `{ element, pointAt }`. */
export function lines({ starts, step, series, format }, width, read = null) {
  const most = Math.max(0, ...series.flatMap(({ values }) => values.filter((value) => value !== null)));
  const chart = timeChart({ starts, step, most, format, width });
  const middle = (place) => chart.x(starts[place] + step / 2);
  const content = series.map(({ tone, values }) => [
    runs(values).map((run) => stretch(tone, run.map((place) => [middle(place), chart.y(values[place])]))),
    read === null || values[read] === null ? null : dot(tone, middle(read), chart.y(values[read])),
  ]);
  return { element: chart.drawn(content, read), pointAt: chart.pointAt };
}

/** The places of the figures that follow each other without a gap, run by run. */
export function runs(values) {
  const found = [];
  values.forEach((value, place) => {
    if (value === null) return;
    if (place > 0 && values[place - 1] !== null) found.at(-1).push(place);
    else found.push([place]);
  });
  return found;
}

function stretch(tone, points) {
  if (points.length === 1) return dot(tone, ...points[0]);
  return svg("polyline", { class: `line-${tone}`, points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ") });
}

function dot(tone, x, y) {
  return svg("circle", { class: `dot-${tone}`, cx: x, cy: y, r: 3.5 });
}
