// What has become of jobs that run.

import { get } from "../../client/api.js";
import { Problem } from "../../client/problem.js";

const MOST = 10; // that are asked for one by one

let turn = 0; // of those that are more than that

/**
 * `{ jobs, gone }` for the ids of jobs that run: the list's first page, in which most of them are, and the others as they
 * are now; those that are not there any more are gone. `ask(null)` fetches that page.
 */
export async function latest(ids, ask, signal) {
  const { items } = await ask(null);
  const seen = new Set(items.map(({ id }) => id));
  const others = inTurn(ids.filter((id) => !seen.has(id)));
  const found = await Promise.all(others.map((id) => get(`/api/jobs/${id}`, { signal }).catch(nothingIfGone)));
  return { jobs: [...items, ...found.filter(Boolean)], gone: others.filter((_, place) => found[place] === null) };
}

// The next ones each time, and from the first again after the last.
function inTurn(ids) {
  if (ids.length <= MOST) return ids;
  const start = turn % ids.length;
  turn = start + MOST;
  return [...ids.slice(start), ...ids.slice(0, start)].slice(0, MOST);
}

function nothingIfGone(problem) {
  if (problem instanceof Problem && problem.status === 404) return null;
  throw problem;
}
