// Sending a file with a report of how far it is, which `fetch` cannot give.

import { address } from "./api.js";
import { Problem } from "./problem.js";
import { accessToken } from "./session.js";

/**
 * POST a body (a File, a FormData) and resolve to the JSON of the answer. Throws a Problem.
 * `onProgress` is called with the bytes that were sent and all of them. The token is fetched right before: an upload
 * that lasts longer than a token is good is accepted all the same, since the API looks at it when the upload begins.
 */
export async function upload(path, body, { query = {}, headers = {}, onProgress = () => {}, signal } = {}) {
  const token = await accessToken();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address(path, query));
    for (const [name, value] of Object.entries({ ...headers, Authorization: `Bearer ${token}` })) request.setRequestHeader(name, value);
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
