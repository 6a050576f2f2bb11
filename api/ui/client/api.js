// Calls of the API. Each carries the access token; a session that has ended is taken up again before the call fails.

import { Problem } from "./problem.js";
import { accessToken } from "./session.js";

/**
 * Call the API and return the `Response` of a call that went well. Throws a Problem else.
 * `query`: what is null or empty in it is left out. `json`: sent as JSON. `body`, `headers`, `signal`: as for `fetch`.
 */
export async function call(method, path, { query = {}, json, body: content, headers = {}, signal } = {}) {
  const request = {
    method,
    signal,
    headers: json === undefined ? headers : { "Content-Type": "application/json", ...headers },
    body: json === undefined ? content : JSON.stringify(json),
  };
  const first = await accessToken();
  let response = await sent(address(path, query), request, first);
  if (response.status === 401) response = await sent(address(path, query), request, await accessToken(first));
  if (!response.ok) throw await Problem.of(response);
  return response;
}

/** The JSON that a call answers; null where it answers nothing. */
export async function asked(method, path, options) {
  const response = await call(method, path, options);
  return response.status === 204 ? null : body(response, "json");
}

/** The body of an answer, by the name of the method that reads it. Throws a Problem when it breaks off. */
export async function body(response, method) {
  try {
    return await response[method]();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw Problem.network();
  }
}

export const get = (path, options) => asked("GET", path, options);
export const post = (path, json, options) => asked("POST", path, { json, ...options });
export const patch = (path, json) => asked("PATCH", path, { json });
export const remove = (path) => asked("DELETE", path);

/** All items of a list, page by page, but no more than `most`. */
export async function listed(path, { query = {}, most = 1000, signal } = {}) {
  const items = [];
  let cursor = null;
  do {
    const page = await get(path, { query: { limit: 200, ...query, cursor }, signal });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && items.length < most);
  return items.slice(0, most);
}

/** The path with a query behind it. */
export function address(path, query = {}) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "")).toString();
  return text ? `${path}?${text}` : path;
}

async function sent(url, request, token) {
  try {
    return await fetch(url, { ...request, headers: { ...request.headers, Authorization: `Bearer ${token}` } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw Problem.network();
  }
}
