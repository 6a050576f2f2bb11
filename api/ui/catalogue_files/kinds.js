// What kind of file somebody has chosen, by what is in it and by its name.

import { beginsWith, unpackedBeginning } from "./beginning.js";
import { isWorkbook } from "./archive.js";
import { decoded, encodingOf } from "./encodings.js";
import { objectIn } from "./ndjson.js";
import { PARQUET } from "./parquet.js";
import { FileTrouble } from "./trouble.js";

/** Endings of names, and the format that each says. */
const ENDINGS = { csv: "csv", txt: "csv", tsv: "tsv", tab: "tsv", ndjson: "ndjson", jsonl: "ndjson", parquet: "parquet", xlsx: "xlsx", zip: "zip" };
/** For the dialog in which files are chosen. */
export const ACCEPTED = [...Object.keys(ENDINGS).map((ending) => `.${ending}`), ".json", ".gz"].join(",");
const GZIP = [0x1f, 0x8b];
const ZIP = [[0x50, 0x4b, 3, 4], [0x50, 0x4b, 5, 6]];
const OTHERS = [
  ["old_workbook", [0xd0, 0xcf, 0x11, 0xe0]],
  ["pdf", [0x25, 0x50, 0x44, 0x46]],
  ["archive", [0x52, 0x61, 0x72, 0x21]],
  ["archive", [0x37, 0x7a, 0xbc, 0xaf]],
  ["photo", [0xff, 0xd8, 0xff]],
  ["photo", [0x89, 0x50, 0x4e, 0x47]],
  ["photo", [0x47, 0x49, 0x46, 0x38]],
];
const HEAD = 4096;

/** The format that a name says, perhaps of a compressed file; null for one that says none. */
export function formatByName(name) {
  return ENDINGS[endingOf(name)] ?? null;
}

/** `{ format, compressed }` of a file. Throws a FileTrouble for what is no catalogue. */
export async function kindOf(file) {
  if (file.size === 0) throw new FileTrouble("EMPTY_BODY");
  const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  const packed = await packedFormat(file, head);
  if (packed) return { format: packed, compressed: false };
  if (!beginsWith(head, GZIP)) return { format: textFormat(file.name, head, file.size <= HEAD), compressed: false };
  const { bytes, isWhole } = await unpackedBeginning(file, "gzip", "BROKEN_GZIP", HEAD);
  if (isPacked(bytes) || beginsWith(bytes, GZIP)) throw new FileTrouble("PACKED_TWICE");
  return { format: textFormat(file.name, bytes, isWhole), compressed: true };
}

function isPacked(head) {
  return beginsWith(head, PARQUET) || ZIP.some((mark) => beginsWith(head, mark));
}

async function packedFormat(file, head) {
  if (beginsWith(head, PARQUET)) return "parquet";
  if (ZIP.some((mark) => beginsWith(head, mark))) return (await isWorkbook(file)) ? "xlsx" : "zip";
  const other = OTHERS.find(([, mark]) => beginsWith(head, mark));
  if (other) throw new FileTrouble("OTHER_KIND", { kind: other[0] });
  return null;
}

/** The format of a text, which its name says; where it does not, JSON is told by its first line. */
function textFormat(name, head, isWhole) {
  if (isBinary(head, isWhole)) throw new FileTrouble("OTHER_KIND", { kind: "binary" });
  const said = formatByName(name);
  if (said === "parquet" || said === "xlsx" || said === "zip") throw new FileTrouble("MISNAMED", { format: said });
  return said ?? unnamedFormat(name, head, isWhole);
}

function unnamedFormat(name, head, isWhole) {
  const text = decoded(head, encodingOf(head, isWhole));
  const [first] = text.trimStart().split("\n");
  if (endingOf(name) === "json" && text.trimStart().startsWith("[")) throw new FileTrouble("JSON_ARRAY");
  if (objectIn(first) !== null || (first.startsWith('{"') && !isWhole && first.length > HEAD / 4)) return "ndjson";
  if (endingOf(name) === "gz") return "csv"; // `table.gz`: it says no more than that it is compressed
  throw new FileTrouble("UNKNOWN_KIND");
}

/** Whether these bytes are no text in any encoding that is told. */
function isBinary(head, isWhole) {
  if (encodingOf(head, isWhole).startsWith("utf-16") || encodingOf(head, isWhole) === "utf-32") return false;
  const control = head.filter((byte) => byte < 9 || (byte > 13 && byte < 32)).length;
  return control > head.length / 20;
}

/** What a name ends with, without the `.gz` of a compressed file that says what it is. */
function endingOf(name) {
  const parts = name.toLowerCase().split(".").slice(1);
  return parts.at(-1) === "gz" && parts.length > 1 ? parts.at(-2) : parts.at(-1) ?? "";
}
