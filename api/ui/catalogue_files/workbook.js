// The first rows of a workbook's first sheet.

import { SHOWN_ROWS } from "./beginning.js";
import { entriesNamed, entryBeginning } from "./archive.js";
import { checkedHeader } from "./columns.js";
import { FileTrouble, unseen } from "./trouble.js";
import { tagsOf } from "./xml.js";

const WORKBOOK = "xl/workbook.xml";
const RELATIONS = "xl/_rels/workbook.xml.rels";
const TEXTS = "xl/sharedStrings.xml";
const MOST_XML = 4 * 2 ** 20; // bytes of each part that are looked into
const MOST_COLUMNS = 16_384;
const LATER = "…"; // for a text that stands further behind than is looked

/** The table in a workbook. Throws a FileTrouble. */
export async function workbookTable(blob) {
  const parts = await entriesNamed(blob, (name) => /^xl\/[^/]+\.xml$|^xl\/_rels\/|^xl\/worksheets\//.test(name));
  const beginning = async (name) => {
    if (!parts.has(name)) throw unseen("BROKEN_WORKBOOK");
    const { bytes, isWhole } = await entryBeginning(blob, parts.get(name), MOST_XML);
    return { xml: new TextDecoder().decode(bytes, { stream: true }), isWhole };
  };
  const path = firstSheet((await beginning(WORKBOOK)).xml, (await beginning(RELATIONS)).xml);
  const { xml, isWhole } = await beginning(path);
  const rows = firstRows(xml, SHOWN_ROWS + 1);
  if (rows.length < 2 && isWhole) throw new FileTrouble("EMPTY_CATALOGUE");
  if (rows.length === 0) throw unseen("LONG_ROW");
  const wanted = new Set(rows.flatMap((row) => [...row.values()].filter((cell) => cell.isShared).map((cell) => cell.value)));
  const texts = wanted.size && parts.has(TEXTS) ? sharedTexts((await beginning(TEXTS)).xml, wanted) : new Map();
  return tableOf(rows, texts);
}

/** The path of the first sheet that has cells. */
function firstSheet(workbook, relations) {
  const sheets = [...tagsOf(relations)].filter(({ name, attributes }) => name === "Relationship" && attributes.Type?.endsWith("/worksheet"));
  const targets = new Map(sheets.map(({ attributes }) => [attributes.Id, attributes.Target]));
  for (const { name, opens, attributes } of tagsOf(workbook)) {
    if (name !== "sheet" || !opens) continue;
    const id = Object.entries(attributes).find(([each]) => each.endsWith(":id"))?.[1];
    if (targets.has(id)) return targets.get(id).startsWith("/") ? targets.get(id).slice(1) : `xl/${targets.get(id)}`;
  }
  throw unseen("BROKEN_WORKBOOK");
}

/** The first rows that have anything in them: cells `{ value, isShared }` by the number of their column. */
function firstRows(xml, most) {
  const rows = [];
  let row = new Map();
  let cell = null;
  let column = -1;
  for (const { name, opens, closes, attributes, text } of tagsOf(xml)) {
    if (name === "row" && opens) [row, column] = [new Map(), -1];
    else if (name === "c" && opens) {
      column = attributes.r ? columnOf(attributes.r) : column + 1;
      cell = { type: attributes.t ?? "n", value: "" };
    } else if ((name === "v" || name === "t") && closes && !opens && cell) cell.value += text;
    if (name === "c" && closes && cell) {
      if (cell.value !== "" && column < MOST_COLUMNS) row.set(column, valueOf(cell));
      cell = null;
    }
    if (name !== "row" || !closes || row.size === 0) continue;
    rows.push(row);
    if (rows.length === most) break;
  }
  return rows;
}

function valueOf({ type, value }) {
  if (type === "s") return { value: Number(value), isShared: true };
  if (type === "b") return { value: value === "1" ? "true" : "false", isShared: false };
  return { value: type === "n" ? plainNumber(value) : value, isShared: false };
}

/** Whole numbers without a point or an exponent, as the service writes them. */
function plainNumber(text) {
  const value = Number(text);
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? String(value) : text;
}

/** The number of a cell's column: `AB12` is in the one of number 27. */
function columnOf(reference) {
  const letters = /^[A-Z]+/i.exec(reference)?.[0].toUpperCase() ?? "A";
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

/** The texts of these numbers among those that cells share. */
function sharedTexts(xml, wanted) {
  const texts = new Map();
  let number = 0;
  let text = "";
  let isReading = false; // of the pronunciation that stands beside a text
  for (const tag of tagsOf(xml)) {
    if (tag.name === "rPh") isReading = tag.opens && !tag.closes;
    else if (tag.name === "t" && tag.closes && !tag.opens && !isReading) text += tag.text;
    else if (tag.name === "si" && tag.closes) {
      if (wanted.has(number)) texts.set(number, text);
      if (texts.size === wanted.size) break;
      [number, text] = [number + 1, ""];
    }
  }
  return texts;
}

function tableOf(rows, texts) {
  const columns = rows.flatMap((row) => [...row.keys()]);
  const first = Math.min(...columns);
  const width = Math.max(...columns) - first + 1;
  const cells = rows.map((row) => Array.from({ length: width }, (_, place) => {
    const cell = row.get(first + place);
    if (cell === undefined) return "";
    return cell.isShared ? texts.get(cell.value) ?? LATER : cell.value;
  }));
  const [names, ...others] = cells;
  return { encoding: null, delimiter: null, header: checkedHeader(names), rows: others.map((each) => ({ cells: each, isBroken: false })) };
}
