// The products that wait for a person, the least sure first, some of them fetched ahead with their photos.

import { get } from "../../client/api.js";
import { photoAddress } from "../../client/photos.js";
import { isDone } from "./sitting.js";

export const PHOTO_SIZE = 640; // pixels, for a photo of half as many on a sharp screen
const PAGE = 20;
const LOW = 6; // that are left when more are fetched
const PHOTOS_AHEAD = 3;

/** The queue with these filters, `{ job, code }`; each null for all. What was done with in this sitting is not in it. */
export class ReviewQueue {
  #filters;
  #signal;
  #ahead = []; // { item, page: the cursor that its page was fetched with }
  #cursor = null;
  #atEnd = false;
  #loading = null;

  constructor(filters, signal) {
    this.#filters = filters;
    this.#signal = signal;
  }

  /** The next product, `{ item, page }`; null when no more wait. Throws a Problem when they cannot be fetched. */
  async next() {
    while (this.#ahead.length === 0 && !this.#atEnd) await this.#more();
    const found = this.#ahead.shift() ?? null;
    if (this.#ahead.length < LOW && !this.#atEnd) this.#more().then(() => this.#fetchPhotos(), later);
    this.#fetchPhotos();
    return found;
  }

  /** Have a product come next. */
  putFirst(entry) {
    this.#ahead.unshift(entry);
  }

  /**
   * Look which of the products ahead still wait, and drop those that somebody else has judged or deleted. Resolves to
   * whether this one, which is being looked at, still does.
   */
  async refresh(shown) {
    const first = [shown, ...this.#ahead].find((entry) => entry?.page !== undefined);
    if (first === undefined) return true;
    const before = new Set(this.#ahead);
    const { items, next_cursor: following } = await this.#page(first.page, PAGE * 3);
    const waiting = new Set(items.map(({ id }) => id));
    const seenUpTo = following === null ? Infinity : items.at(-1).confidence;
    const stillWaits = ({ item, page }) => page === undefined || waiting.has(item.id) || item.confidence >= seenUpTo;
    this.#ahead = this.#ahead.filter((entry) => !before.has(entry) || stillWaits(entry));
    return shown === null || stillWaits(shown);
  }

  #more() {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #load() {
    const page = this.#cursor;
    const { items, next_cursor: following } = await this.#page(page, PAGE);
    this.#ahead.push(...items.filter((item) => !isDone(item)).map((item) => ({ item, page })));
    this.#cursor = following;
    this.#atEnd = following === null;
  }

  #page(cursor, limit) {
    const query = { needs_review: true, order: "least_sure", ...this.#filters, cursor, limit };
    return get("/api/predictions", { query, signal: this.#signal });
  }

  #fetchPhotos() {
    for (const { item } of this.#ahead.slice(0, PHOTOS_AHEAD)) if (item.photo) photoAddress(item.photo, PHOTO_SIZE, this.#signal).catch(later);
  }
}

// What could not be fetched ahead is asked for again when its turn comes, and what is wrong then is shown.
function later() {}
