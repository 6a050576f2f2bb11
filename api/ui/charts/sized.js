// Pictures that are as wide as the place they are in: drawn anew when that changes, so that their writing keeps its size.

import { h, replace } from "../kit/elements.js";

/**
 * A place for a picture, `{ element, redraw() }`. `draw(width)` makes it for so many pixels. Nothing is drawn
 * while the place is not on the page.
 */
export function sized(draw) {
  const element = h("div", { class: "chart-place" });
  let width = 0;
  const redraw = () => {
    if (width > 0) replace(element, draw(width));
  };
  new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (now === width) return;
    width = now;
    requestAnimationFrame(redraw); // drawing changes the height that is being observed
  }).observe(element);
  return { element, redraw };
}
