// Sending a file with a report of how far it is, which `fetch` cannot give.

import { address } from "./api.js";
import { Problem } from "./problem.js";
import { accessToken } from "./session.js";

/**
 * POST a body (a File, a FormData) and resolve to the JSON of the answer. Throws a Problem.
 * `onProgress` is called with the bytes that were sent and all of them. An upload may last longer than its token is good:
 * the API looks at it when the upload begins. One that is refused then is sent again with another token.
 */
export async function upload(path, body, { query = {}, headers = {}, onProgress = () => {}, signal } = {}) {
  const send = (token) => sent(address(path, query), body, { ...headers, Authorization: `Bearer ${token}` }, onProgress, signal);
  const first = await accessToken();
  try {
    return await send(first);
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
  }
  return send(await accessToken(first));
}

function sent(url, body, headers, onProgress, signal) {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded, event.total));
    request.addEventListener("load", () => {
      const said = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(said);
      else reject(Problem.from(request.status, said, (name) => request.getResponseHeader(name)));
    });
    request.addEventListener("error", () => reject(Problem.network()));
    request.addEventListener("abort", () => reject(signal.reason));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
