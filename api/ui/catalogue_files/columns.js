// Which of a file's columns is which of ours, told as the service tells it (shared/catalogues/columns.py).

import { FileTrouble } from "./trouble.js";

/** Ours, in the order in which they are shown. The category of labelled data is found by its name, or not at all. */
export const OURS = ["product_id", "designation", "description", "image", "image_id"];
const ALIASES = {
  product_id: ["productid", "product_id"],
  image_id: ["imageid", "image_id"],
  designation: ["designation", "title", "name"],
  description: ["description"],
  image: ["image", "image_url", "image_path"],
  prdtypecode: ["prdtypecode"],
};
const USABLE = ["product_id", "designation", "description", "image"]; // a file needs one of them
const LONGEST_NAME = 500;

/** Ours to the file's names; `chosen` is the sender's word on some. Where names differ in case and blanks alone, the first counts. */
export function foundColumns(header, chosen = {}) {
  const names = new Map();
  for (const name of header) if (!names.has(plain(name))) names.set(plain(name), name);
  const found = {};
  for (const [ours, aliases] of Object.entries(ALIASES)) {
    const theirs = ours in chosen
      ? header.includes(chosen[ours]) ? chosen[ours] : names.get(plain(chosen[ours]))
      : names.get(aliases.find((alias) => names.has(alias)));
    if (theirs !== undefined) found[ours] = theirs;
  }
  return found;
}

/** A table's names of columns as the service keeps them. Throws a FileTrouble for a first row that cannot be names. */
export function checkedHeader(names) {
  if (names.some((name) => [...name].length > LONGEST_NAME)) throw new FileTrouble("BROKEN_HEADER");
  return names.map((name) => name.trim().replaceAll("\0", "\ufffd"));
}

/** Whether the service would take a column under this name: it has one, and nobody else has the same. */
export function isNameable(name, header) {
  return name !== "" && name.length <= LONGEST_NAME && header.indexOf(name) === header.lastIndexOf(name);
}

/** What has to be said to the service of a mapping `{ ours: theirs }`, so that it does not choose otherwise. */
export function wordOn(mapping, header) {
  const byItself = foundColumns(header);
  const isAlone = (theirs) => header.filter((name) => plain(name) === plain(theirs)).length === 1;
  return Object.fromEntries(Object.entries(mapping).filter(([ours, theirs]) => byItself[ours] !== theirs || !isAlone(theirs)));
}

/** A mapping as the query has it: null for an empty one, pairs where the names allow it, JSON else. */
export function columnsQuery(mapping) {
  const pairs = Object.entries(mapping);
  if (pairs.length === 0) return null;
  return pairs.some(([, theirs]) => theirs.includes(",")) ? JSON.stringify(mapping) : pairs.map((pair) => pair.join(":")).join(",");
}

/** What a mapping lacks: `nothing` that the service could use, `content` where there is an id alone, or null. */
export function lackOf(mapping) {
  if (!USABLE.some((ours) => ours in mapping)) return "nothing";
  return ["designation", "description", "image"].some((ours) => ours in mapping) ? null : "content";
}

function plain(name) {
  return name.trim().toLowerCase();
}
