// What charts over time have in common: the hours below, the figures at the left, and the moment that is being read.

import { svg } from "../kit/elements.js";
import { dateTime } from "../kit/words.js";
import { below, levels, picture, room } from "./axes.js";
import { linear, niceTicks, timeTicks } from "./scale.js";

const PER_NAME = 80; // pixels that a time of day needs with some air
const HEIGHT = 190;

/**
 * A frame for points at `starts` (milliseconds), each `step` long, with figures up to `most`, which `format(tick)` writes.
 * Answers `{ x, y, area, drawn, pointAt }`: `drawn(content, read)` is the picture, where `read` is the place of the point
 * that is read, or null; `pointAt(pixel)` is the place of the point there.
 */
export function timeChart({ starts, step, most, format, width }) {
  const ticks = niceTicks(most);
  const figures = ticks.map(format);
  const area = room(width, HEIGHT, figures);
  const [begin, end] = [starts[0], starts.at(-1) + step];
  const x = linear([begin, end], [area.left, area.right]);
  const y = linear([0, ticks.at(-1)], [area.bottom, area.top]);
  const hours = timeTicks(begin, end, Math.max(2, Math.floor((area.right - area.left) / PER_NAME)));
  const drawn = (content, read) => picture(width, HEIGHT, null,
    read === null ? null : moment(area, x(starts[read]), x(starts[read] + step)),
    levels(area, ticks.map((tick, place) => ({ y: y(tick), text: figures[place] }))),
    below(area, width, hours.map((at) => ({ x: x(at), text: dateTime(at, { hour: "2-digit", minute: "2-digit" }) }))),
    content);
  const pointAt = (pixel) => {
    const place = Math.floor(linear([area.left, area.right], [0, starts.length])(pixel));
    return Math.min(Math.max(place, 0), starts.length - 1);
  };
  return { x, y, area, drawn, pointAt };
}

function moment(area, from, to) {
  return svg("rect", { class: "chart-read", x: from, y: area.top, width: Math.max(to - from, 1), height: area.bottom - area.top });
}
