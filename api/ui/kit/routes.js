// Where somebody is: the part of the address behind `#/`, so that every place has a link and the Back button works.

/** `{ name, parameters, query }` of the place in the address: `#/catalogues/ID?tab=errors` is named `catalogues/:`. */
export function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...parameters] = path.split("/").filter(Boolean).map(decodeURIComponent);
  return { name: name ?? "", parameters, query: new URLSearchParams(query) };
}

/** The address of a place, for links: `link("catalogues", id)`. */
export function link(name, ...parameters) {
  return `#/${[name, ...parameters].map(encodeURIComponent).join("/")}`;
}

/** Go to a place. */
export function go(name, ...parameters) {
  location.hash = link(name, ...parameters);
}

/** Change the query of the place without going anywhere: filters that a reload or a bookmark should keep. */
export function rememberQuery(query) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null && value !== "")).toString();
  const [path] = location.hash.split("?");
  history.replaceState(null, "", text ? `${path}?${text}` : path);
}
