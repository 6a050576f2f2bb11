// What is wrong with a product, a row, a file that was taken in or a field: the API's `error` in the reader's words.

import { hasText, t } from "../kit/words.js";

/** What is wrong and what to do, `{ what, todo }`, from `{ code, message }`; `todo` is empty where nobody knows. */
export function faultSentences({ code, message }) {
  const said = { detail: message, errors: [] };
  return {
    what: hasText(`problems.${code}`) ? t(`problems.${code}`, said) : message,
    todo: hasText(`problems.${code}.todo`) ? t(`problems.${code}.todo`, said) : "",
  };
}
