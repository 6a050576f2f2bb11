// Which character separates the cells of a text, told as the service tells it (shared/catalogues/dialect.py).

import { foundColumns } from "./columns.js";
import { recordAt } from "./records.js";

const DELIMITERS = [",", ";", "\t", "|"];
const LOOKED_AT = 50; // records
const CHARACTERS = 200_000;
const LONGEST_CELL = 131_072;
const SAYS_DELIMITER = /^sep=([\t !#-~])(?:\r\n?|\n)/; // a line before the header, which Excel understands

/** Where the header begins and what separates its cells, `{ start, delimiter }`; `chosen` is the sender's word on columns. */
export function dialectOf(text, format, chosen = {}) {
  const said = SAYS_DELIMITER.exec(text);
  return said ? { start: said[0].length, delimiter: said[1] } : { start: 0, delimiter: delimiterOf(text, format, chosen) };
}

/** The one that finds most of our columns, then has most records as wide as the first, then the most columns. */
function delimiterOf(text, format, chosen) {
  const sample = text.slice(0, CHARACTERS);
  const candidates = format === "tsv" ? ["\t", ...DELIMITERS] : DELIMITERS;
  const fit = candidates.map((delimiter) => fitness(sample, delimiter, chosen));
  let best = 0;
  fit.forEach((each, place) => {
    if (isGreater(each, fit[best])) best = place; // of equals the first is taken
  });
  return candidates[best];
}

function fitness(sample, delimiter, chosen) {
  const [header, ...others] = firstRecords(sample, delimiter);
  if (header === undefined) return [0, 0, 0];
  const alike = others.length ? others.filter((record) => record.length === header.length).length / others.length : 1;
  return [Object.keys(foundColumns(header, chosen)).length, alike, header.length];
}

function firstRecords(sample, delimiter) {
  const records = [];
  let at = 0;
  for (let count = 0; count < 2 * LOOKED_AT; count += 1) {
    const record = recordAt(sample, at, delimiter);
    if (record === null || record.cells.some((cell) => cell.length > LONGEST_CELL)) break;
    if (record.cells.length) records.push(record.cells);
    at = record.next;
  }
  if (records.length > 2) records.pop(); // the last may be cut short by the sample's end
  return records.slice(0, LOOKED_AT);
}

function isGreater(one, other) {
  const place = one.findIndex((value, index) => value !== other[index]);
  return place >= 0 && one[place] > other[place];
}
