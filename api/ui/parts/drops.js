// Files that are dropped on a place for them.

/** Have an element take files that are dropped on it: `take` gets them all, and there is one at least. */
export function takesDrops(element, take) {
  const over = (is) => (event) => {
    event.preventDefault();
    element.classList.toggle("over", is);
  };
  element.addEventListener("dragover", over(true));
  element.addEventListener("dragleave", over(false));
  element.addEventListener("drop", (event) => {
    over(false)(event);
    const files = [...event.dataTransfer.files];
    if (files.length > 0) take(files);
  });
}
