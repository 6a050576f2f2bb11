// The records of delimited text, read as Python's csv module reads them, with quotes and lines of any end.

/**
 * The record that begins at a place, `{ cells, next, isBroken, last, ends }`; null at the text's end. `next` is where the
 * one behind it begins. `isBroken`: a quote in it does not end where its cell does. `last` is the place of the last
 * letter that Python reads of it: of a broken one, where it gives up. `ends`: whether a line's end was seen.
 */
export function recordAt(text, start, delimiter) {
  if (start >= text.length) return null;
  const cells = [];
  let brokenAt = null;
  let at = start;
  const record = (next, ends) => ({ cells, next, isBroken: brokenAt !== null, last: brokenAt ?? next - 1, ends });
  if (isLineEnd(text[at])) return record(behindLineEnd(text, at), true);
  for (;;) {
    const cell = text[at] === '"' ? quotedCell(text, at, delimiter) : plainCell(text, at, delimiter);
    cells.push(cell.value);
    brokenAt ??= cell.brokenAt;
    at = cell.next;
    if (at >= text.length) return record(at, false);
    if (text[at] !== delimiter) return record(behindLineEnd(text, at), true);
    at += 1;
  }
}

/** Where the line behind the one that has this place begins. */
export function nextLine(text, place) {
  let at = place;
  while (at < text.length && !isLineEnd(text[at])) at += 1;
  return behindLineEnd(text, at);
}

/** Where the line begins that has this place. */
export function lineStart(text, place) {
  let at = text[place] === "\n" && text[place - 1] === "\r" ? place - 1 : place;
  while (at > 0 && !isLineEnd(text[at - 1])) at -= 1;
  return at;
}

function plainCell(text, start, delimiter) {
  let next = start;
  while (next < text.length && text[next] !== delimiter && !isLineEnd(text[next])) next += 1;
  return { value: text.slice(start, next), next, brokenAt: null };
}

function quotedCell(text, start, delimiter) {
  const parts = [];
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return { value: parts.join("") + text.slice(at), next: text.length, brokenAt: text.length - 1 };
    parts.push(text.slice(at, quote));
    if (text[quote + 1] !== '"') {
      const rest = plainCell(text, quote + 1, delimiter); // nothing, unless the quote does not end the cell
      return { value: parts.join("") + rest.value, next: rest.next, brokenAt: rest.value === "" ? null : quote + 1 };
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
