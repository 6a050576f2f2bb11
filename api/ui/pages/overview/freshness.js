// When the picture was taken; and, where the last look failed, that it is an old one.

import { announce } from "../../kit/announce.js";
import { h, replace } from "../../kit/elements.js";
import { t, timeOfDay } from "../../kit/words.js";
import { sentences } from "../../parts/problem.js";

/** `{ element, read(at), failed(problem) }`: what is said after a look that went well, and after one that did not. */
export function freshnessLine() {
  const element = h("p", { class: "fine freshness" });
  let at = null;
  let failing = false;
  const read = (moment) => {
    if (failing) announce(t("overview.read_again"));
    failing = false;
    at = moment;
    element.classList.remove("stale");
    replace(element, t("overview.as_of", timeOfDay(at)));
  };
  const failed = (problem) => {
    const said = t("overview.could_not_look", sentences(problem).what, timeOfDay(at));
    if (!failing) announce(said);
    failing = true;
    element.classList.add("stale");
    replace(element, said);
  };
  return { element, read, failed };
}
