// Looking again and again, while somebody looks at the page.

/**
 * Call `look` now and then every so many seconds, until the signal says that the page was left. Nothing is asked while
 * the page is hidden, and never twice at once.
 */
export async function repeatedly(look, seconds, signal) {
  while (!signal.aborted) {
    if (!document.hidden) await look();
    await pause(seconds, signal);
  }
}

/** Wait so many seconds, less if the signal comes. */
export function pause(seconds, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    signal?.addEventListener("abort", done);
  });
}
