// What is wrong, by what the monitor says: the rules, without their words.

const WAITS_SECONDS = { interactive: 30, bulk: 15 * 60, io: 15 * 60 }; // somebody looks at a product, nobody at a catalogue
const DUE_SECONDS = 5 * 60;
const LEAST_TRIES = 5; // of which nothing is said before
const ERROR_SHARE = 0.05;
const NEAR = 1.5; // times the reserve

/**
 * The troubles that a monitor shows, the worst first: `[{ level, name, values }]`. `level` is `bad` (somebody waits or
 * will) or `warn` (somebody should look); `overview.trouble_NAME` says it.
 */
export function troublesOf(monitor) {
  const found = [...ofBundle(monitor), ...ofWorkers(monitor), ...ofWork(monitor), ...ofDisk(monitor), ...ofWebhooks(monitor), ...ofDrift(monitor)];
  return [...found.filter(({ level }) => level === "bad"), ...found.filter(({ level }) => level !== "bad")];
}

function ofBundle({ bundle }) {
  if (bundle === null) return [bad("no_bundle")];
  return bundle.refused === null ? [] : [bad("refused", { version: bundle.version, reason: bundle.refused })];
}

function ofWorkers({ workers, lanes, bundle }) {
  const late = workers.filter(({ state }) => state === "late");
  // Without a bundle model workers serve nothing: that is said already, and there is one thing to do.
  const deserted = lanes.filter((lane) => lane.workers === 0 && (bundle !== null || lane.lane === "io"));
  return [
    ...deserted.map((lane) => bad("no_workers", { lane: lane.lane, rows: lane.queued_rows })),
    ...(late.length ? [bad("late", { workers: late })] : []),
  ];
}

function ofWork({ lanes, recent }) {
  const old = lanes.filter(({ lane, oldest_queued_seconds: seconds, workers }) => workers > 0 && (seconds ?? 0) > WAITS_SECONDS[lane]);
  const errors = sum(recent.lanes, "errors");
  const all = errors + sum(recent.lanes, "answered");
  return [
    ...old.map(({ lane, oldest_queued_seconds: seconds }) => (lane === "interactive" ? bad : warn)("waits", { lane, seconds })),
    ...(errors >= LEAST_TRIES && errors / all >= ERROR_SHARE ? [warn("errors", { errors, all })] : []),
  ];
}

function ofDisk({ disk: { free_bytes: free, reserve_bytes: reserve } }) {
  if (free < reserve) return [bad("disk_full", { free, reserve })];
  return free < reserve * NEAR ? [warn("disk_near", { free, reserve })] : [];
}

function ofWebhooks({ webhooks }) {
  const { disabled_endpoints: disabled, dead, failed, delivered, due, oldest_due_seconds: seconds } = webhooks;
  return [
    ...(disabled > 0 ? [warn("webhooks_disabled", { disabled })] : []),
    ...(dead > 0 ? [warn("webhooks_dead", { dead })] : []),
    ...((seconds ?? 0) > DUE_SECONDS ? [warn("webhooks_due", { due, seconds })] : []),
    ...(failed >= LEAST_TRIES && failed > delivered ? [warn("webhooks_fail", { failed, tries: failed + delivered })] : []),
  ];
}

function ofDrift({ drift }) {
  const moved = (drift?.features ?? []).filter(({ state }) => state === "drifted" || state === "watch");
  return moved.map(({ feature, state }) => warn(`drift_${feature}`, { state }));
}

function bad(name, values = {}) {
  return { level: "bad", name, values };
}

function warn(name, values = {}) {
  return { level: "warn", name, values };
}

function sum(items, name) {
  return items.reduce((before, item) => before + item[name], 0);
}
