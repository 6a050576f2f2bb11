// Style sheets of pages that not everybody opens: each is fetched with its page, once, and holds while that is shown.

const sheets = new Map(); // by name, the link and when it has been loaded

/** Have `styles/pages/NAME.css` there, until the signal says that the page is left. Throws an Error when it does not come. */
export async function loadStyle(name, signal) {
  if (!sheets.has(name)) sheets.set(name, added(name));
  const { link, loaded } = sheets.get(name);
  await loaded;
  if (!signal.aborted) link.sheet.disabled = false;
}

/** Have no page's sheet hold: another page begins, and its names are its own. */
export function leaveStyles() {
  for (const { link } of sheets.values()) if (link.sheet) link.sheet.disabled = true;
}

function added(name) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = `/ui/styles/pages/${name}.css`;
  const loaded = new Promise((resolve, reject) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", () => {
      sheets.delete(name);
      link.remove();
      reject(new Error(`${link.href} could not be loaded.`));
    });
  });
  document.head.append(link);
  return { link, loaded };
}
