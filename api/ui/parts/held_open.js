// A dialog that nobody closes by accident: what it is for would be lost.

/** While `isHeld`, neither Escape nor the browser's own way back closes the dialog. */
export function heldOpen(dialog, isHeld = () => true) {
  const gone = new AbortController();
  const hold = (event) => {
    if (isHeld()) event.preventDefault();
  };
  dialog.addEventListener("cancel", hold);
  // A second Escape closes it in Chromium without a cancel that could be prevented; the key itself still can be. It comes
  // from wherever the focus is, so the document listens, and leaves a dialog above this one alone.
  const key = (event) => {
    if (event.key === "Escape" && [...document.querySelectorAll("dialog[open]")].at(-1) === dialog) hold(event);
  };
  document.addEventListener("keydown", key, { signal: gone.signal });
  dialog.addEventListener("close", () => gone.abort(), { once: true });
}
