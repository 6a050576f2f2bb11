// The header and the first rows of a CSV or a TSV, as the service reads them (shared/catalogues/delimited.py).

import { SHOWN_ROWS } from "./beginning.js";
import { checkedHeader } from "./columns.js";
import { dialectOf } from "./dialect.js";
import { decoded, encodingOf } from "./encodings.js";
import { lineStart, nextLine, recordAt } from "./records.js";
import { FileTrouble } from "./trouble.js";

/** The table in a text that begins so. Throws a FileTrouble. */
export function delimitedTable({ bytes, isWhole }, format) {
  const encoding = encodingOf(bytes, isWhole);
  const text = decoded(bytes, encoding);
  const { start, delimiter } = dialectOf(text, format);
  const first = headerAt(text, start, delimiter);
  const header = checkedHeader(first.cells);
  const rows = [...rowsAt(text, first.next, delimiter, header.length, isWhole)];
  if (rows.length === 0 && isWhole) throw new FileTrouble("EMPTY_CATALOGUE");
  return { encoding, delimiter, header, rows, delimiterFor: (chosen) => dialectOf(text, format, chosen).delimiter };
}

function headerAt(text, start, delimiter) {
  let record = recordAt(text, start, delimiter);
  while (record !== null && isBlank(record.cells, null)) record = recordAt(text, record.next, delimiter);
  if (record === null) throw new FileTrouble("EMPTY_CATALOGUE");
  if (record.isBroken) throw new FileTrouble("BROKEN_HEADER");
  return record;
}

/**
 * A record that goes over several lines and turns out to be none is damaged in its first line only. The lines behind it
 * are read again, and none of them, but the one where it ended, begins another record of several lines.
 */
function* rowsAt(text, start, delimiter, width, isWhole) {
  let at = start;
  let closed = start;
  for (let count = 0; count < SHOWN_ROWS;) {
    const record = recordAt(text, at, delimiter);
    if (record === null) return;
    const line = nextLine(text, at);
    const isLong = record.last >= line;
    if (!record.ends && !isWhole && !(isLong && record.isBroken)) return; // the sample ends in it
    const isNone = record.isBroken || (isLong && at < closed);
    if (!isNone && isBlank(record.cells, width)) {
      at = record.next;
      continue;
    }
    count += 1;
    if (!isNone && !isOtherWidth(record.cells, width)) {
      yield { cells: record.cells.slice(0, width), isBroken: false };
      at = record.next;
      continue;
    }
    yield { cells: recordAt(text.slice(at, line), 0, delimiter).cells, isBroken: true };
    if (isLong) closed = Math.max(closed, lineStart(text, record.last));
    at = line;
  }
}

function isOtherWidth(cells, width) {
  return cells.length < width || cells.slice(width).some((cell) => cell !== "");
}

function isBlank(cells, width) {
  return cells.length === 0 || (cells.length === 1 && width !== 1 && cells[0] !== "" && cells[0].trim() === "");
}
