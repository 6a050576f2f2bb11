// A product's photo, fetched when it comes near the part of the page that is seen.

import { h } from "../kit/elements.js";
import { photoAddress } from "../client/photos.js";
import { t } from "../kit/words.js";

const watched = new WeakMap();
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    watched.get(target)();
  }
}, { rootMargin: "300px" });

/**
 * The photo at a path of the API as a thumbnail of so many pixels a side (none: whole). Without a path, a quiet place
 * holder. `alternative` is what stands for it where it is not seen; empty where the text beside it says it all.
 */
export function photo(path, { size = 96, alternative = "" } = {}) {
  if (path === null) return h("span", { class: "photo none", role: alternative ? "img" : null, "aria-label": alternative ? t("core.no_photo") : null });
  const image = h("img", { class: "photo", alt: alternative, width: size, height: size });
  watched.set(image, () => show(image, path, size));
  watcher.observe(image);
  return image;
}

async function show(image, path, size) {
  try {
    image.src = await photoAddress(path, size);
  } catch {
    image.replaceWith(h("span", { class: "photo lost", role: "img", "aria-label": t("core.photo_lost") }));
  }
}
