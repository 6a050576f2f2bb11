// In which encoding a text is, told as the service tells it (shared/catalogues/encodings.py).

import { beginsWith } from "./beginning.js";

export const UTF_8 = "utf-8";
export const WINDOWS = "windows-1252";
const MARKS = [
  [[0xef, 0xbb, 0xbf], UTF_8],
  [[0xff, 0xfe, 0, 0], "utf-32"], // before UTF-16: its mark begins with that one's
  [[0, 0, 0xfe, 0xff], "utf-32"],
  [[0xff, 0xfe], "utf-16"],
  [[0xfe, 0xff], "utf-16"],
];
const PATTERN = 4096; // bytes in which the zeros of UTF-16 are looked for

/** The encoding of a text that begins so, by the service's name for it; `isWhole` says that there is no more of it. */
export function encodingOf(bytes, isWhole) {
  const marked = MARKS.find(([mark]) => beginsWith(bytes, mark));
  if (marked) return marked[1];
  const wide = wideEncoding(bytes.subarray(0, PATTERN));
  if (wide) return wide;
  try {
    new TextDecoder(UTF_8, { fatal: true }).decode(bytes, { stream: !isWhole });
    return UTF_8;
  } catch {
    // In Windows-1252, bytes that make a character of UTF-8 are words like `Ã©`: who has as many of them as of others
    // has written UTF-8, and something has damaged it.
    const { good, bad } = multiByteCharacters(bytes);
    return good >= bad ? UTF_8 : WINDOWS;
  }
}

/** The text that these bytes are, without a byte order mark; a character that is cut off at the end is left out. */
export function decoded(bytes, encoding) {
  if (encoding === "utf-32") return decodedUtf32(bytes);
  const label = { "utf-16": bytes[0] === 0xfe ? "utf-16be" : "utf-16le", "utf-16-le": "utf-16le", "utf-16-be": "utf-16be" }[encoding] ?? encoding;
  return new TextDecoder(label).decode(bytes, { stream: true });
}

function decodedUtf32(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = bytes[0] === 0xff;
  const letters = [];
  for (let at = 4; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, isLittle);
    letters.push(code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd");
  }
  return letters.join("");
}

/** UTF-16 without a mark: in what Europeans write, every other byte is zero. */
function wideEncoding(bytes) {
  const pairs = Math.floor(bytes.length / 2);
  const zeros = [0, 0];
  bytes.forEach((byte, place) => {
    if (byte === 0) zeros[place % 2] += 1;
  });
  const [even, odd] = zeros;
  if (pairs && Math.max(even, odd) > 0.3 * pairs && Math.min(even, odd) < 0.02 * pairs) return odd > even ? "utf-16-le" : "utf-16-be";
  return null;
}

/** How many characters of several bytes there are, and how many bytes that are none and belong to none. */
function multiByteCharacters(bytes) {
  const follows = (at, count) => {
    for (let place = at + 1; place <= at + count; place += 1) if (!(bytes[place] >= 0x80 && bytes[place] <= 0xbf)) return false;
    return true;
  };
  let good = 0;
  let bad = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte < 0x80) continue;
    const more = byte >= 0xc2 && byte <= 0xdf ? 1 : byte >= 0xe0 && byte <= 0xef ? 2 : byte >= 0xf0 && byte <= 0xf4 ? 3 : 0;
    if (more && follows(at, more)) {
      good += 1;
      at += more;
    } else bad += 1;
  }
  return { good, bad };
}
