// A distribution now, as bars, and where the bars would end if it were that of the reference: an outline of steps.

import { svg } from "../kit/elements.js";
import { percent } from "../kit/words.js";
import { below, levels, picture, room } from "./axes.js";
import { linear, niceTicks } from "./scale.js";

const HEIGHT = 180;
const PER_CHARACTER = 7;

/** `bins`: `[{ name, share, reference }]`, shares of 0 to 1; `reference` is null where it is not known. */
export function histogram({ bins, label }, width) {
  const most = Math.max(...bins.flatMap(({ share, reference }) => [share, reference ?? 0]));
  const ticks = niceTicks(most, 3);
  const figures = ticks.map((tick) => percent(tick, ticks[1] < 0.01 ? 1 : 0));
  const area = room(width, HEIGHT, figures);
  const x = linear([0, bins.length], [area.left, area.right]);
  const y = linear([0, ticks.at(-1)], [area.bottom, area.top]);
  const pad = Math.min((x(1) - x(0)) * 0.14, 10);
  const every = named(bins, x(1) - x(0));
  return picture(width, HEIGHT, label,
    levels(area, ticks.map((tick, place) => ({ y: y(tick), text: figures[place] }))),
    below(area, width, bins.flatMap(({ name }, place) => (place % every ? [] : [{ x: x(place + 0.5), text: name }]))),
    bins.map(({ share }, place) => svg("rect", {
      class: "bar-now", x: x(place) + pad, y: y(share), width: x(1) - x(0) - 2 * pad, height: area.bottom - y(share),
    })),
    bins.every(({ reference }) => reference !== null) ? outline(steps(bins, x, y)) : null);
}

// With an edge in the ground's colour, so that it is seen upon a bar as well as beside it.
function outline(d) {
  return ["chart-outline-edge", "chart-outline"].map((name) => svg("path", { class: name, d }));
}

function steps(bins, x, y) {
  const [begin, end] = [`M${x(0)} ${y(0)}`, `V${y(0)}`];
  return `${begin}${bins.map(({ reference }, place) => `V${y(reference)}H${x(place + 1)}`).join("")}${end}`;
}

/** Every how many bins there is room for a name. */
function named(bins, width) {
  const longest = Math.max(...bins.map(({ name }) => name.length));
  return Math.ceil((longest * PER_CHARACTER + 8) / width);
}
