// Photos of products. They need the bearer token, so they are fetched and shown from memory.

import { call } from "./api.js";

const KEPT = 200; // thumbnails are some kilobytes each
const kept = new Map(); // promises by address, the one that was used last at the end

/** The address of a photo in memory, from its path and the side of a thumbnail in pixels (none: the whole photo). */
export async function photoAddress(path, size = null, signal = undefined) {
  const key = `${path} ${size}`;
  const there = kept.get(key);
  const found = there ?? fetched(path, size, signal);
  kept.delete(key);
  kept.set(key, found);
  if (there === undefined) found.catch(() => kept.get(key) === found && kept.delete(key)); // the next one asks again
  if (kept.size > KEPT) drop(kept.keys().next().value);
  try {
    return await found;
  } catch (error) {
    // Whoever asked first has left: that is nothing to those who still wait.
    if (there !== undefined && error.name === "AbortError" && !signal?.aborted) return photoAddress(path, size, signal);
    throw error;
  }
}

async function fetched(path, size, signal) {
  const response = await call("GET", path, { query: { size }, signal });
  return URL.createObjectURL(await response.blob());
}

function drop(key) {
  kept.get(key).then((address) => URL.revokeObjectURL(address), () => null);
  kept.delete(key);
}
