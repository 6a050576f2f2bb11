// Icons of the navigation and of buttons: strokes on a field of 24. They stand beside words, so nobody needs to hear them.

import { svg } from "../kit/elements.js";

const PATHS = {
  try: ["M4 7a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2z", "m4 16 4.5-4.5 4 4L15 13l5 5", "M15.5 9.5h.01"],
  catalogues: ["M4 5h16v14H4z", "M4 10h16M4 14.5h16M10 5v14"],
  review: ["M4 12.5 9 17.5 20 6.5"],
  overview: ["M4 20V4", "M4 20h16", "m7 15 4-5 3 3 5-7"],
  models: ["m12 3 8 4.5v9L12 21l-8-4.5v-9z", "m4 7.5 8 4.5 8-4.5M12 12v9"],
  webhooks: ["M13 3 5 14h6l-1 7 8-11h-6z"],
  users: ["M15.5 20v-1.5a4 4 0 0 0-4-4h-3a4 4 0 0 0-4 4V20", "M10 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7", "M19.5 20v-1.5a4 4 0 0 0-2.5-3.7M15.5 4.3a3.5 3.5 0 0 1 0 6.4"],
  account: ["M19 20v-1a5 5 0 0 0-5-5h-4a5 5 0 0 0-5 5v1", "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8"],
  menu: ["M4 7h16M4 12h16M4 17h16"],
  close: ["m6 6 12 12M18 6 6 18"],
  upload: ["M12 15V4m-4 4 4-4 4 4", "M4 15v4a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-4"],
  download: ["M12 4v11m-4-4 4 4 4-4", "M4 17v2a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-2"],
};

/** An icon by its name. */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, PATHS[name].map((d) => svg("path", { d })));
}
