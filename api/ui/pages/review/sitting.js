// What somebody has done since the page was loaded: it stays while other pages are looked at, and in another language.

const MOST_STEPS = 200; // that can be gone back

const judged = new Map(); // by prediction, the verdicts on it, { code, accepted }, the latest at the end
const skipped = new Map(); // by prediction, the product as it was listed
const steps = []; // the products that were judged or passed over, the latest at the end

/** Note a verdict on a product. */
export function noteVerdict(item, code) {
  judged.set(item.id, [...verdictsOn(item), { code, accepted: code === item.category.code }]);
  skipped.delete(item.id);
  note(item);
}

/** Note that a product was passed over; one that was judged before stays judged. */
export function noteSkip(item) {
  if (!judged.has(item.id)) skipped.set(item.id, item);
  note(item);
}

/** Take the latest verdict on a product back, which could not be stored; one before it stays. */
export function withdraw(item) {
  const earlier = verdictsOn(item).slice(0, -1);
  if (earlier.length) judged.set(item.id, earlier);
  else judged.delete(item.id);
  for (let index = steps.length - 1; index >= 0; index -= 1) if (steps[index].id === item.id) steps.splice(index, 1);
}

/** Go the latest step back, of which there has to be one: `{ item, given }`, its product and the verdict that it has. */
export function goBack() {
  const item = steps.pop();
  skipped.delete(item.id);
  return { item, given: verdictsOn(item).at(-1)?.code ?? null };
}

/** Whether there is a step to go back. */
export function hasSteps() {
  return steps.length > 0;
}

/** Whether a product is done with for now: judged, or passed over. */
export function isDone(item) {
  return judged.has(item.id) || skipped.has(item.id);
}

/** How many were judged, and how many of them accepted. */
export function tally() {
  return { judged: judged.size, accepted: [...judged.values()].filter((verdicts) => verdicts.at(-1).accepted).length };
}

/** How many products of these filters were passed over. */
export function skippedOf(filters) {
  return [...skipped.values()].filter((item) => matches(item, filters)).length;
}

/** Have those looked at again. */
export function forgetSkipped(filters) {
  for (const [id, item] of skipped) if (matches(item, filters)) skipped.delete(id);
}

function verdictsOn(item) {
  return judged.get(item.id) ?? [];
}

function matches(item, { job, code }) {
  return (job === null || item.job_id === job) && (code === null || String(item.category.code) === code);
}

function note(item) {
  steps.push(item);
  if (steps.length > MOST_STEPS) steps.shift();
}
