// What every page with charts needs before it draws: their texts and their style sheet.

import { loadStyle } from "../kit/style.js";
import { loadWords } from "../kit/words.js";

export async function chartsReady(signal) {
  await Promise.all([loadWords("charts"), loadStyle("charts", signal)]);
}
