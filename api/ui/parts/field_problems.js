// What went wrong with a form, next to the fields that it is about.

import { fieldSentence, sentences } from "./problem.js";

/**
 * Show a problem next to the fields it is about, and go to the first of them. `fields` are those of `field`, by the
 * API's names; `codes` says which one a code is about that names none. Returns whether every part of it has a field.
 */
export function faultAtFields(problem, fields, codes = {}) {
  const { what, todo } = sentences(problem);
  const found = problem.errors.length
    ? problem.errors.map((error) => [fieldOf(error, fields, codes), error.code === problem.code ? `${what} ${todo}` : fieldSentence(error)])
    : [[fields[codes[problem.code]], `${what} ${todo}`]];
  if (found.some(([field]) => field === undefined)) return false;
  for (const [field, text] of found) field.fault(text);
  found[0][0].control.focus();
  return true;
}

/** Take back what was said next to these fields. */
export function clearFaults(fields) {
  for (const field of Object.values(fields)) field.fault();
}

function fieldOf({ where, code }, fields, codes) {
  return fields[where.split(".")[1]] ?? fields[codes[code]];
}
