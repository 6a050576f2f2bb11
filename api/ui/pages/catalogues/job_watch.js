// What has become of jobs that run.

import { get } from "../../client/api.js";
import { Problem } from "../../client/problem.js";

const MOST = 10; // that are asked for one by one

/**
 * `{ jobs, gone }` for the ids of jobs that run: the list's first page, in which most of them are, and the others as they
 * are now; those that are not there any more are gone. `ask(null)` fetches that page.
 */
export async function latest(ids, ask, signal) {
  const { items } = await ask(null);
  const seen = new Set(items.map(({ id }) => id));
  const others = ids.filter((id) => !seen.has(id)).slice(0, MOST);
  const found = await Promise.all(others.map((id) => get(`/api/jobs/${id}`, { signal }).catch(nothingIfGone)));
  return { jobs: [...items, ...found.filter(Boolean)], gone: others.filter((_, place) => found[place] === null) };
}

function nothingIfGone(problem) {
  if (problem instanceof Problem && problem.status === 404) return null;
  throw problem;
}
