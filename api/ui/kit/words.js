// What the page says, in the reader's language: texts by name, numbers and times as that language writes them.

import { remembered, remember } from "./memory.js";

export const LANGUAGES = { en: "English", fr: "Français" };
let words = new Map();
let language = chosen();
let wanted = language; // what was chosen last, which may be on its way

/** The language spoken now, `en` or `fr`. */
export function currentLanguage() {
  return language;
}

/**
 * Speak another language, once all texts that were loaded are there in it: the window hears `spoken` then. Until then,
 * and when they do not come, which throws an Error, it is the one before.
 */
export async function speak(other) {
  wanted = other;
  const found = new Map();
  for (let spaces = missing(found); spaces.length > 0; spaces = missing(found)) {
    for (const [space, texts] of await Promise.all(spaces.map(async (each) => [each, await textsOf(other, each)]))) found.set(space, texts);
  }
  if (wanted !== other) return; // another one was chosen meanwhile
  words = found;
  language = other;
  remember("language", other);
  document.documentElement.lang = other;
  dispatchEvent(new Event("spoken"));
}

/** Have the texts of a part of the page there; they are fetched once. */
export async function loadWords(space) {
  while (!words.has(space)) {
    const spoken = language;
    const texts = await textsOf(spoken, space);
    if (spoken === language) words.set(space, texts); // else another one is spoken by now
  }
}

async function textsOf(spoken, space) {
  const found = await import(`../words/${spoken}/${space}.js`);
  return found.default;
}

function missing(found) {
  return [...words.keys()].filter((space) => !found.has(space));
}

/**
 * A text by its name, `space.name`. Texts with something to fill in are functions, and get the values.
 * Throws when there is none: a missing text is a mistake that a test should see.
 */
export function t(name, ...values) {
  const dot = name.indexOf(".");
  const found = words.get(name.slice(0, dot))?.[name.slice(dot + 1)];
  if (found === undefined) throw new Error(`There is no text ${name} in ${language}.`);
  return spaced(typeof found === "function" ? found(...values) : found);
}

/** Whether there is such a text. */
export function hasText(name) {
  const dot = name.indexOf(".");
  return words.get(name.slice(0, dot))?.[name.slice(dot + 1)] !== undefined;
}

/** One of two forms of a noun, by the language's rule: `plural(n, "row", "rows")`. */
export function plural(count, one, other) {
  return new Intl.PluralRules(language).select(count) === "one" ? one : other;
}

/** A number with up to so many decimals, and no fewer than `least`: those below each other in a table have the same. */
export function number(value, digits = 0, least = 0) {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits, minimumFractionDigits: least }).format(value);
}

/** A share of 0 to 1 as a percentage. */
export function percent(share, digits = 0) {
  const format = { style: "percent", maximumFractionDigits: digits, minimumFractionDigits: digits };
  return new Intl.NumberFormat(locale(), format).format(share);
}

/** A time of the API (RFC 3339, UTC) in the reader's time zone. */
export function dateTime(text, style = { dateStyle: "medium", timeStyle: "short" }) {
  return new Intl.DateTimeFormat(locale(), style).format(new Date(text));
}

export function timeOfDay(text) {
  return dateTime(text, { timeStyle: "medium" });
}

/** How long ago, or how long still: "3 minutes ago". */
export function ago(text, now = Date.now()) {
  const seconds = (new Date(text).getTime() - now) / 1000;
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? units.at(-1);
  return new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

/** A length of time, as short as it can be said: "340 ms", "2.4 s", "3 min 20 s", "1 h 5 min". */
export function duration(seconds) {
  if (seconds < 1) return `${number(seconds * 1000)} ms`;
  if (seconds < 10) return `${number(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [size, unit, rest, smaller] = whole < 3600 ? [60, "min", 1, "s"] : whole < 86400 ? [3600, "h", 60, "min"] : [86400, t("core.day_short"), 3600, "h"];
  const left = Math.floor((whole % size) / rest);
  return `${Math.floor(whole / size)} ${unit}${left ? ` ${left} ${smaller}` : ""}`;
}

/** A size: "340 kB", "1.2 GB", "12 bytes". */
export function bytes(size) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const place = size > 0 ? Math.min(Math.floor(Math.log10(size) / 3), units.length - 1) : 0;
  const format = { style: "unit", unit: units[place], unitDisplay: place ? "short" : "long", maximumFractionDigits: place ? 1 : 0 };
  return new Intl.NumberFormat(locale(), format).format(size / 1000 ** place);
}

function chosen() {
  const kept = remembered("language");
  const preferred = kept ?? navigator.languages.map((each) => each.slice(0, 2)).find((each) => each in LANGUAGES);
  const found = preferred in LANGUAGES ? preferred : "en";
  document.documentElement.lang = found;
  return found;
}

// French has a space before its double signs and inside its quotes; no line may end there.
function spaced(text) {
  return language === "fr" && typeof text === "string" ? text.replace(/ (?=[;?!])/g, "\u202f").replace(/ (?=[:»])|(?<=«) /g, "\u00a0") : text;
}

function locale() {
  // The browser's own variant of the language, if it has one: en-GB rather than en.
  return navigator.languages.find((each) => each.slice(0, 2) === language) ?? language;
}
