// The keys and the first rows of NDJSON, a JSON object a line, as the service reads it (shared/catalogues/ndjson.py).

import { SHOWN_ROWS } from "./beginning.js";
import { decoded, encodingOf, UTF_8, WINDOWS } from "./encodings.js";
import { FileTrouble, unseen } from "./trouble.js";

/** The table in a text that begins so: its header has the keys of all rows in it. Throws a FileTrouble. */
export function jsonTable({ bytes, isWhole }) {
  const found = encodingOf(bytes, isWhole);
  const encoding = found === WINDOWS ? UTF_8 : found; // JSON is never anything else of one byte a character
  const text = decoded(bytes, encoding);
  if (/^\s*\[/.test(text)) throw new FileTrouble("JSON_ARRAY");
  const lines = text.split("\n");
  if (!isWhole) lines.pop(); // it is cut short
  const objects = lines.filter((line) => line.trim() !== "").map(objectIn);
  if (objects.length === 0) throw isWhole ? new FileTrouble("EMPTY_CATALOGUE") : unseen("LONG_ROW");
  const header = [...new Set(objects.flatMap((object) => Object.keys(object ?? {})))];
  if (header.length === 0) throw isWhole ? new FileTrouble("NO_OBJECTS") : unseen("NO_OBJECTS");
  const rows = objects.slice(0, SHOWN_ROWS).map((object) => rowOf(object, header));
  return { encoding, delimiter: null, header, rows };
}

/** The object in a line; null where there is none, which costs the service no more than that row. */
export function objectIn(line) {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function rowOf(object, header) {
  if (object === null) return { cells: [], isBroken: true };
  return { cells: header.map((name) => cellOf(Object.hasOwn(object, name) ? object[name] : null)), isBroken: false };
}

function cellOf(value) {
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
