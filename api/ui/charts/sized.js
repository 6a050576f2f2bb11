// Pictures that are as wide as the place they are in: drawn anew when that changes, so that their writing keeps its size.

import { h, replace } from "../kit/elements.js";

/**
 * A place for a picture, `{ element, redraw(), width() }`. `draw(width)` makes it for so many pixels. Nothing is drawn
 * while the place is not on the page.
 */
export function sized(draw, attributes = {}) {
  const element = h("div", { ...attributes, class: `chart-place ${attributes.class ?? ""}` });
  let width = 0;
  const redraw = () => {
    if (width > 0) replace(element, draw(width));
  };
  new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (now === width) return;
    width = now;
    redraw();
  }).observe(element);
  return { element, redraw, width: () => width };
}
