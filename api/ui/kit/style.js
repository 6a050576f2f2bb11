// The style sheet of a page that not everybody opens: it is fetched with the page, once.

/** Have `styles/pages/NAME.css` there. */
export function loadStyle(name) {
  const href = `/ui/styles/pages/${name}.css`;
  const there = document.head.querySelector(`link[href="${href}"]`);
  if (there) return Promise.resolve();
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = href;
  const loaded = new Promise((resolve, reject) => {
    sheet.addEventListener("load", resolve);
    sheet.addEventListener("error", () => reject(new Error(`${href} could not be loaded.`)));
  });
  document.head.append(sheet);
  return loaded;
}
