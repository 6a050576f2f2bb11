// The characters that separate the cells of a text, as the API names them and as people do.

import { t } from "../kit/words.js";

/** The API's names of those that have one. */
export const DELIMITERS = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe" };

/** What a delimiter is called; one that has no name is itself. */
export function delimiterName(delimiter) {
  return delimiter in DELIMITERS ? t(`core.delimiter_${DELIMITERS[delimiter]}`) : delimiter;
}
