// Light or dark: as the system has it, unless somebody has chosen. Every colour of tokens.css follows the root's color-scheme.

import { remember, remembered } from "./memory.js";

const SCHEMES = ["light", "dark"];

/** What was chosen, `light` or `dark`; `system` where nothing was. */
export function appearance() {
  const kept = remembered("appearance");
  return SCHEMES.includes(kept) ? kept : "system";
}

/** Have the page look so from now on, and on later visits. */
export function chooseAppearance(chosen) {
  remember("appearance", chosen === "system" ? null : chosen);
  show(chosen);
}

/** Have the page look as was chosen on an earlier visit. */
export function showAppearance() {
  show(appearance());
}

function show(chosen) {
  document.documentElement.style.colorScheme = chosen === "system" ? "" : chosen;
}
