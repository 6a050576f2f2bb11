// A ZIP, read from its directory on: which table it has, how many photos, and a file in it. Nothing of the photos is read.

import { FileTrouble, unseen } from "./trouble.js";
import { SAMPLE, unpackedBeginning } from "./beginning.js";

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const FILE_HEADER = 0x04034b50;
const END_SIZE = 22;
const TAIL = 2 ** 16 + END_SIZE; // the end with its longest comment
const PIECE = 2 ** 20; // of the directory, read at a time
const LARGEST_DIRECTORY = 64 * 2 ** 20;
const MOST_FILES = 250_000;
const ENCRYPTED = 0x1 | 0x40 | 0x2000;
const STORED = 0;
const DEFLATED = 8;
const WORKBOOK = "xl/workbook.xml";
const PHOTO = /\.(jpe?g|png|webp|gif)$/i;
const ARCHIVE = /\.(zip|gz|tgz|tar|bz2|xz|7z|rar|zst|lz4|br|jar|cab|iso)$/i;
const TABLE = /\.(csv|tsv|tab|ndjson|jsonl|parquet|xlsx)$/i;
const NAMES = new TextDecoder();
const TEXT = /\.txt$/i; // a table only where nothing else is one

/** Whether a ZIP is a workbook. Throws a FileTrouble for what is no ZIP. */
export async function isWorkbook(blob) {
  for await (const { name } of entriesOf(blob)) if (name === WORKBOOK) return true;
  return false;
}

/** The one table of an archive and how many photos are beside it, `{ table, photos }`. Throws a FileTrouble. */
export async function contentsOf(blob) {
  const tables = [];
  const texts = [];
  let photos = 0;
  for await (const entry of entriesOf(blob)) {
    if (!isOfInterest(entry.name)) continue;
    requireReadable(entry);
    if (PHOTO.test(entry.name)) photos += 1;
    else if (TABLE.test(entry.name)) tables.push(entry);
    else if (TEXT.test(entry.name)) texts.push(entry);
  }
  const found = tables.length ? tables : texts;
  if (found.length !== 1) throw new FileTrouble(found.length ? "TWO_TABLES" : "NO_TABLE", { names: found.slice(0, 3).map(({ name }) => name) });
  return { table: found[0], photos };
}

/** The entries of these names, by name; of an archive that has them. Throws a FileTrouble. */
export async function entriesNamed(blob, wanted) {
  const found = new Map();
  for await (const entry of entriesOf(blob)) if (wanted(entry.name)) found.set(entry.name, entry);
  return found;
}

/** The beginning of what an entry unpacks to, `{ bytes, isWhole }`. Throws a FileTrouble. */
export async function entryBeginning(blob, entry, most = SAMPLE) {
  const packed = await contentOf(blob, entry);
  if (entry.method === DEFLATED) return unpackedBeginning(packed, "deflate-raw", "BROKEN_ARCHIVE", most);
  return { bytes: new Uint8Array(await packed.slice(0, most).arrayBuffer()), isWhole: packed.size <= most };
}

/** All of an entry as a Blob. Throws a FileTrouble where that would be more bytes than `most`. */
export async function wholeEntry(blob, entry, most) {
  if (entry.method === STORED) return contentOf(blob, entry);
  if (entry.size > most) throw unseen("PACKED_TOO_LARGE");
  const { bytes, isWhole } = await entryBeginning(blob, entry, most);
  if (!isWhole) throw unseen("PACKED_TOO_LARGE");
  return new Blob([bytes]);
}

async function contentOf(blob, { start, packedSize }) {
  const head = await viewOf(blob, start, start + 30);
  if (head.byteLength < 30 || head.getUint32(0, true) !== FILE_HEADER) throw new FileTrouble("BROKEN_ARCHIVE");
  const begin = start + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  return blob.slice(begin, begin + packedSize);
}

/** Every entry of the directory, `{ name, flags, method, packedSize, size, start }`, read a piece at a time. */
async function* entriesOf(blob) {
  const { start, end, shift } = await directoryOf(blob);
  let count = 0;
  let at = start;
  while (at < end) {
    const view = await viewOf(blob, at, Math.min(at + PIECE, end));
    let place = 0;
    for (let entry; (entry = entryAt(view, place, shift)) !== null; place += entry.length) {
      count += 1;
      if (count > MOST_FILES) throw tooManyFiles();
      yield entry;
    }
    if (place === 0) throw new FileTrouble("BROKEN_ARCHIVE");
    at += place;
  }
}

/** Where the directory is, and how far entries begin behind the place that it says: something else may stand before it all. */
async function directoryOf(blob) {
  const tailStart = Math.max(blob.size - TAIL, 0);
  const tail = await viewOf(blob, tailStart, blob.size);
  const place = endIn(tail);
  if (place < 0) throw new FileTrouble("BROKEN_ARCHIVE");
  let size = tail.getUint32(place + 12, true);
  let said = tail.getUint32(place + 16, true);
  let end = tailStart + place;
  const before = place - 20 - 56;
  if (before >= 0 && tail.getUint32(place - 20, true) === LOCATOR_64 && tail.getUint32(before, true) === END_64) {
    size = Number(tail.getBigUint64(before + 40, true));
    said = Number(tail.getBigUint64(before + 48, true));
    end = tailStart + before;
  }
  if (size > LARGEST_DIRECTORY) throw tooManyFiles();
  if (size > end) throw new FileTrouble("BROKEN_ARCHIVE");
  return { start: end - size, end, shift: end - size - said };
}

function endIn(tail) {
  const last = tail.byteLength - END_SIZE;
  if (last >= 0 && tail.getUint32(last, true) === END && tail.getUint16(last + 20, true) === 0) return last;
  for (let place = tail.byteLength - END_SIZE; place >= 0; place -= 1) if (tail.getUint32(place, true) === END) return place;
  return -1;
}

/** The entry at a place; null where it goes on behind what was read. */
function entryAt(view, place, shift) {
  if (place + 46 > view.byteLength) return null;
  if (view.getUint32(place, true) !== ENTRY) throw new FileTrouble("BROKEN_ARCHIVE");
  const names = view.getUint16(place + 28, true);
  const extras = view.getUint16(place + 30, true);
  const length = 46 + names + extras + view.getUint16(place + 32, true);
  if (place + length > view.byteLength) return null;
  const entry = {
    length,
    name: NAMES.decode(new Uint8Array(view.buffer, view.byteOffset + place + 46, names)),
    flags: view.getUint16(place + 8, true),
    method: view.getUint16(place + 10, true),
    packedSize: view.getUint32(place + 20, true),
    size: view.getUint32(place + 24, true),
    start: view.getUint32(place + 42, true),
  };
  if (extras) widen(entry, view, place + 46 + names, extras);
  entry.start += shift;
  return entry;
}

/** Sizes and place of an entry stand in an extra field where four bytes are too few for them. */
function widen(entry, view, extra, extras) {
  for (let at = extra; at + 4 <= extra + extras;) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) {
      let value = at + 4;
      for (const name of ["size", "packedSize", "start"]) {
        if (entry[name] !== 0xffffffff || value + 8 > Math.min(end, extra + extras)) continue;
        entry[name] = Number(view.getBigUint64(value, true));
        value += 8;
      }
    }
    at = end;
  }
}

async function viewOf(blob, start, end) {
  return new DataView(await blob.slice(start, end).arrayBuffer());
}

/** Whether an entry is a file, and not one that macOS leaves beside each. */
function isOfInterest(name) {
  const last = name.slice(name.lastIndexOf("/") + 1);
  return last !== "" && !name.startsWith("__MACOSX/") && !last.startsWith("._") && last !== ".DS_Store";
}

function requireReadable({ name, flags, method }) {
  if (ARCHIVE.test(name)) throw new FileTrouble("ARCHIVE_NESTED");
  if (flags & ENCRYPTED) throw new FileTrouble("ARCHIVE_ENCRYPTED");
  if (method !== STORED && method !== DEFLATED) throw new FileTrouble("ARCHIVE_METHOD");
}

function tooManyFiles() {
  return new FileTrouble("ARCHIVE_TOO_MANY_FILES", { detail: `The archive has more than ${MOST_FILES} files.` });
}
