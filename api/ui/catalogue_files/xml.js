// The tags and texts of XML as workbooks have it. The browser's own parser makes documents, which the page's policy does
// not let it make of texts; cells need none.

const TAG = /<(?:!--[\s\S]*?-->|!\[CDATA\[([\s\S]*?)\]\]>|\?[\s\S]*?\?>|(\/?)(?:[\w.-]+:)?([\w.-]+)((?:\s+[\w.:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>)/g;
const ATTRIBUTE = /([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * Each tag of a text in its order, `{ name, opens, closes, attributes, text }`: names are without their prefix, `text` is
 * what stands before it. A tag that is cut off at the end is left out.
 */
export function* tagsOf(xml) {
  let before = "";
  let at = 0;
  for (const found of xml.matchAll(TAG)) {
    const [whole, literal, slash, name, attributes, empty] = found;
    before += unescaped(xml.slice(at, found.index)) + (literal ?? "");
    at = found.index + whole.length;
    if (name === undefined) continue;
    yield { name, opens: slash === "", closes: slash !== "" || empty !== "", attributes: attributesIn(attributes), text: before };
    before = "";
  }
}

function attributesIn(text) {
  return Object.fromEntries([...text.matchAll(ATTRIBUTE)].map(([, name, one, other]) => [name, unescaped(one ?? other)]));
}

function unescaped(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  });
}
