// The beginning of a file, or of what is packed in it. No more of it is ever held than was asked for.

import { unseen } from "./trouble.js";

export const SAMPLE = 2 ** 20; // bytes by which encoding, delimiter and keys are told, by the service as here
export const SHOWN_ROWS = 5;

/** The first bytes of a Blob, `{ bytes, isWhole }`; `isWhole` says that there are no more. */
export async function beginningOf(blob, most = SAMPLE) {
  const bytes = new Uint8Array(await blob.slice(0, most).arrayBuffer());
  return { bytes, isWhole: blob.size <= most };
}

/** The same of what a Blob unpacks to; `packing` is `gzip` or `deflate-raw`. Throws a FileTrouble with this `code`. */
export async function unpackedBeginning(blob, packing, code, most = SAMPLE) {
  try {
    return await streamBeginning(blob.stream().pipeThrough(new DecompressionStream(packing)), most);
  } catch (error) {
    if (error.name === "NotReadableError" || error.name === "NotFoundError") throw error;
    throw unseen(code);
  }
}

async function streamBeginning(stream, most) {
  const reader = stream.getReader();
  const pieces = [];
  let size = 0;
  try {
    while (size <= most) {
      const { done, value } = await reader.read();
      if (done) return { bytes: joined(pieces, size), isWhole: true };
      pieces.push(value);
      size += value.length;
    }
    return { bytes: joined(pieces, size).subarray(0, most), isWhole: false };
  } finally {
    reader.cancel().catch(() => null); // it has failed already, which the reader above has thrown
  }
}

function joined(pieces, size) {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Whether bytes begin with these. */
export function beginsWith(bytes, mark) {
  return mark.every((byte, place) => bytes[place] === byte);
}
