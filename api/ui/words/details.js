// What the service's own sentences name, to be said again in the reader's words: a limit, a role, a name in quotes.

/** The largest whole number in a sentence of the service, which is its limit; null where it names none. */
export function figure(detail) {
  const found = detail.match(/\d+/g);
  return found === null ? null : Math.max(...found.map(Number));
}

/** What stands behind a word in the sentence: `after("It needs the role admin.", "role")` is `admin`; null else. */
export function after(detail, word) {
  return new RegExp(`\\b${word} ([\\w.@-]*\\w)`).exec(detail)?.[1] ?? null;
}

/** What stands in quotes; null where nothing does. */
export function quoted(detail) {
  return /'(.+)'|"(.+)"/.exec(detail)?.slice(1).find(Boolean) ?? null;
}

/** Which of these columns of ours the sentence is about, by our name for it; null else. */
export function column(detail) {
  return /\b(product_id|image_id|designation|description|image_url|image|prdtypecode)\b/.exec(detail)?.[1] ?? null;
}
