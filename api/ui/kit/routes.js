// Where somebody is: the part of the address behind `#/`, so that every place has a link and the Back button works.

/**
 * `{ name, parameters, query }` of the place in the address: of `#/catalogues/ID?tab=errors` "catalogues", the id and the
 * tab. The name is empty at the beginning, and null of what is no address.
 */
export function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name = "", ...parameters] = path.split("/").filter(Boolean).map(decoded);
  return { name, parameters, query: new URLSearchParams(query) };
}

/** Be at a place instead of where one is: Back does not come back here. */
export function goInstead(name) {
  location.replace(link(name));
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

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
