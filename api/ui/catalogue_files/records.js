// The records of delimited text, read as Python's csv module reads them, with quotes and lines of any end.

/**
 * The record that begins at a place, `{ cells, next, isBroken, ends }`; null at the text's end. `next` is where the one
 * behind it begins. `isBroken`: a quote in it does not end where its cell does. `ends`: whether a line's end was seen,
 * and not only the text's.
 */
export function recordAt(text, start, delimiter) {
  if (start >= text.length) return null;
  if (isLineEnd(text[start])) return { cells: [], next: behindLineEnd(text, start), isBroken: false, ends: true };
  const cells = [];
  let isBroken = false;
  let at = start;
  for (;;) {
    const cell = text[at] === '"' ? quotedCell(text, at, delimiter) : plainCell(text, at, delimiter);
    cells.push(cell.value);
    isBroken ||= cell.isBroken;
    at = cell.next;
    if (at >= text.length) return { cells, next: at, isBroken, ends: false };
    if (text[at] !== delimiter) return { cells, next: behindLineEnd(text, at), isBroken, ends: true };
    at += 1;
  }
}

/** Where the line that begins at a place ends, behind its end. */
export function nextLine(text, start) {
  let at = start;
  while (at < text.length && !isLineEnd(text[at])) at += 1;
  return behindLineEnd(text, at);
}

function plainCell(text, start, delimiter) {
  let next = start;
  while (next < text.length && text[next] !== delimiter && !isLineEnd(text[next])) next += 1;
  return { value: text.slice(start, next), next, isBroken: false };
}

function quotedCell(text, start, delimiter) {
  const parts = [];
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return { value: parts.join("") + text.slice(at), next: text.length, isBroken: true };
    parts.push(text.slice(at, quote));
    if (text[quote + 1] !== '"') {
      const rest = plainCell(text, quote + 1, delimiter); // nothing, unless the quote does not end the cell
      return { value: parts.join("") + rest.value, next: rest.next, isBroken: rest.value !== "" };
    }
    parts.push('"');
    at = quote + 2;
  }
}

function isLineEnd(letter) {
  return letter === "\n" || letter === "\r";
}

function behindLineEnd(text, at) {
  return at + (text.startsWith("\r\n", at) ? 2 : 1);
}
