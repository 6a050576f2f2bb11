// From figures to places in a picture, and the round figures that stand at its edges.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720].map((minutes) => minutes * MINUTE);

/** A function that maps `from[0]` to `to[0]` and `from[1]` to `to[1]`, and all between in proportion. */
export function linear(from, to) {
  const factor = from[1] === from[0] ? 0 : (to[1] - to[0]) / (from[1] - from[0]);
  return (value) => to[0] + (value - from[0]) * factor;
}

/** Round figures from 0 to at least `most`, about so many steps apart: 1, 2 or 5 times a power of ten. */
export function niceTicks(most, steps = 4) {
  const rough = (most > 0 ? most : 1) / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((each) => each * power >= rough * (1 - 1e-9)) * power;
  const count = Math.max(1, Math.ceil((most > 0 ? most : 1) / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, place) => Number((place * step).toPrecision(12)));
}

/** Round moments of the reader's clock, in milliseconds, from `start` to `end`, no more than `most` steps. */
export function timeTicks(start, end, most = 6) {
  const step = TIME_STEPS.find((each) => (end - start) / each <= most) ?? 24 * HOUR;
  const ahead = new Date(start).getTimezoneOffset() * -MINUTE; // so that steps of hours begin at the reader's midnight
  const found = [];
  for (let at = Math.ceil((start + ahead) / step) * step - ahead; at <= end; at += step) found.push(at);
  return found;
}
