// Photos of products. They need the bearer token, so they are fetched and shown from memory.

import { call } from "./api.js";

const KEPT = 200; // thumbnails are some kilobytes each
const kept = new Map(); // by address, the one that was used last at the end

/** The address of a photo in memory, from its path and the side of a thumbnail in pixels (none: the whole photo). */
export async function photoAddress(path, size = null, signal = undefined) {
  const key = `${path} ${size}`;
  const there = kept.get(key);
  if (there !== undefined) {
    kept.delete(key);
    kept.set(key, there);
    return there;
  }
  const response = await call("GET", path, { query: { size }, signal });
  const found = URL.createObjectURL(await response.blob());
  kept.set(key, found);
  if (kept.size > KEPT) drop(kept.keys().next().value);
  return found;
}

function drop(key) {
  URL.revokeObjectURL(kept.get(key));
  kept.delete(key);
}
