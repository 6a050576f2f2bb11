// What stands in the address behind the place: filters and the tab, so that a reload and Back show the same again.

import { place, rememberQuery } from "../../kit/routes.js";

/** Set some of the query's values and keep the others; null takes one away. Not once the page was left. */
export function keepInAddress(values, signal) {
  if (!signal.aborted) rememberQuery({ ...Object.fromEntries(place().query), ...values });
}
