// The columns of a Parquet file, from its footer. Its rows are packed in ways that only the service unpacks.

import { beginsWith } from "./beginning.js";
import { checkedHeader } from "./columns.js";
import { ThriftReader } from "./thrift.js";
import { FileTrouble, unseen } from "./trouble.js";

export const PARQUET = [0x50, 0x41, 0x52, 0x31]; // PAR1
const LARGEST_FOOTER = 16 * 2 ** 20;
// Fields of Parquet's `FileMetaData` and of its `SchemaElement` (parquet.thrift).
const SCHEMA = 2;
const ROWS = 3;
const NAME = 4;
const CHILDREN = 5;

/** The table in a Parquet file: `rows` is null, `count` says how many there are. Throws a FileTrouble. */
export async function parquetTable(blob) {
  const metadata = metadataIn(await footerOf(blob));
  if (metadata[ROWS] === 0) throw new FileTrouble("EMPTY_CATALOGUE");
  return { encoding: null, delimiter: null, header: checkedHeader(topNames(metadata[SCHEMA])), rows: null, count: metadata[ROWS] };
}

async function footerOf(blob) {
  const end = new Uint8Array(await blob.slice(-8).arrayBuffer());
  if (end.length < 8 || !beginsWith(end.subarray(4), PARQUET)) throw unseen("BROKEN_PARQUET");
  const size = new DataView(end.buffer).getUint32(0, true);
  if (size > Math.min(LARGEST_FOOTER, blob.size - 8)) throw unseen("BROKEN_PARQUET");
  return new Uint8Array(await blob.slice(blob.size - 8 - size, blob.size - 8).arrayBuffer());
}

function metadataIn(footer) {
  const number = (reader) => reader.number();
  const element = (reader) => reader.struct({ [NAME]: (each) => each.text(), [CHILDREN]: number });
  try {
    const found = new ThriftReader(footer).struct({ [SCHEMA]: (reader) => reader.list(element), [ROWS]: number });
    if (!found[SCHEMA]?.length) throw new RangeError("no schema");
    return found;
  } catch (error) {
    if (error instanceof RangeError) throw unseen("BROKEN_PARQUET");
    throw error;
  }
}

/** The names of the columns that are not inside others. The schema is a tree, written down from its root on. */
function topNames([root, ...elements]) {
  const names = [];
  let at = 0;
  for (let column = 0; column < (root[CHILDREN] ?? 0) && at < elements.length; column += 1) {
    names.push(elements[at][NAME] ?? "");
    for (let left = 1; left > 0 && at < elements.length; at += 1) left += (elements[at][CHILDREN] ?? 0) - 1;
  }
  return names;
}
