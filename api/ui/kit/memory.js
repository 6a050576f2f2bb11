// The little that this browser remembers between visits: choices, never a token or a product.

const PREFIX = "shelfwise.";

/** What was remembered under this name, or null; a browser that keeps nothing remembers nothing. */
export function remembered(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** Remember a text under this name; null forgets it. */
export function remember(name, text) {
  try {
    if (text === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, text);
  } catch {
    // A browser that keeps nothing: the choice holds until the page is left.
  }
}
