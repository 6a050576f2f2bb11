// Files that the API makes. They need the bearer token, so a link alone cannot fetch them: they are fetched and then saved.

import { body, call } from "./api.js";

const KEPT_SECONDS = 60; // the browser may still be reading the file when `click` has returned

/** Fetch a file and have the browser save it under the name that the answer gives it, which is returned. Throws a Problem. */
export async function download(path, { query, signal } = {}) {
  const response = await call("GET", path, { query, signal });
  const name = fileName(response.headers.get("Content-Disposition")) ?? path.split("/").at(-1);
  save(await body(response, "blob"), name);
  return name;
}

/** The name in a Content-Disposition, `attachment; filename="results.csv"`; null where there is none. */
function fileName(disposition) {
  return /filename="([^"]+)"/.exec(disposition ?? "")?.[1] ?? null;
}

function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_SECONDS * 1000);
}
