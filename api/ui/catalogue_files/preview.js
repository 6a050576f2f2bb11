// A look into a file before it is sent: what kind it is, its columns and its first rows. Nothing leaves the browser.

import { beginningOf, unpackedBeginning } from "./beginning.js";
import { contentsOf, entryBeginning, wholeEntry } from "./archive.js";
import { delimitedTable } from "./delimited.js";
import { formatByName, kindOf } from "./kinds.js";
import { jsonTable } from "./ndjson.js";
import { parquetTable } from "./parquet.js";
import { FileTrouble } from "./trouble.js";
import { workbookTable } from "./workbook.js";

const MOST_UNPACKED = 16 * 2 ** 20; // of a workbook or a Parquet file in a ZIP, which are read from their end

/**
 * What a file is and begins with: `{ format, compressed, inside, photos, table, trouble }`. `inside` is the name of the
 * table's file in a ZIP, `photos` how many are beside it. `table` is `{ encoding, delimiter, header, rows, count }` with
 * rows `{ cells, isBroken }`, or null where it cannot be looked into: then `trouble` says why. Throws a FileTrouble for
 * a file that the service would refuse.
 */
export async function previewOf(file) {
  const about = { format: formatByName(file.name), compressed: false, inside: null, photos: null, table: null, trouble: null };
  try {
    Object.assign(about, await kindOf(file));
    if (about.format !== "zip") return { ...about, table: await tableOf(file, about) };
    const { table, photos } = await contentsOf(file);
    Object.assign(about, { inside: table.name, photos });
    return { ...about, table: await tableInside(file, table) };
  } catch (error) {
    if (error.name === "NotReadableError" || error.name === "NotFoundError") throw new FileTrouble("UNREADABLE_FILE");
    if (!(error instanceof FileTrouble) || error.isFinal || about.format === null) throw error;
    return { ...about, trouble: error };
  }
}

async function tableOf(file, { format, compressed }) {
  if (format === "xlsx") return workbookTable(file);
  if (format === "parquet") return parquetTable(file);
  return textTable(compressed ? await unpackedBeginning(file, "gzip", "BROKEN_GZIP") : await beginningOf(file), format);
}

async function tableInside(archive, entry) {
  const format = formatByName(entry.name);
  if (format !== "xlsx" && format !== "parquet") return textTable(await entryBeginning(archive, entry), format);
  const whole = await wholeEntry(archive, entry, MOST_UNPACKED);
  return format === "xlsx" ? workbookTable(whole) : parquetTable(whole);
}

function textTable(sample, format) {
  return format === "ndjson" ? jsonTable(sample) : delimitedTable(sample, format);
}
