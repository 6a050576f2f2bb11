// Server-sent events by `fetch`: the browser's own EventSource cannot send a bearer token.

import { pause } from "../kit/polling.js";
import { call } from "./api.js";
import { Problem } from "./problem.js";

const AGAIN_SECONDS = [1, 2, 5, 10]; // between tries, when the connection breaks

/**
 * The snapshots of a job, `{ …job }`, each time it changes, until it has ended. A stream that breaks off is taken up
 * again where it was. Throws a Problem that waiting does not mend.
 */
export async function* jobEvents(jobId, signal) {
  let lastId = null;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const headers = { Accept: "text/event-stream", ...(lastId === null ? {} : { "Last-Event-ID": lastId }) };
      const response = await call("GET", `/api/jobs/${jobId}/events`, { headers, signal });
      if (response.status === 204) return; // it has ended, and all of it was told
      for await (const event of eventsOf(response.body)) {
        if (event.type !== "job") continue;
        failures = 0;
        lastId = event.id;
        const job = JSON.parse(event.data);
        yield job;
        if (job.finished_at !== null) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status !== 0 && error.status !== 429 && error.status < 500) throw error;
      failures += 1;
    }
    await pause(AGAIN_SECONDS[Math.min(failures, AGAIN_SECONDS.length - 1)], signal);
  }
}

/** The events in a stream of bytes: `{ type, id, data }` (HTML standard, 9.2.6). Comments are passed over. */
async function* eventsOf(stream) {
  let event = empty();
  for await (const line of linesOf(stream)) {
    if (line === "") {
      if (event.data.length) yield { type: event.type, id: event.id, data: event.data.join("\n") };
      event = { ...empty(), id: event.id };
      continue;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "event") event.type = value;
    else if (field === "id") event.id = value;
    else if (field === "data") event.data.push(value);
  }
}

function empty() {
  return { type: "message", id: null, data: [] };
}

async function* linesOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return; // what has no line's end is no event
    const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop(); // with a \r at its very end, whose \n may be on its way
    yield* lines;
  }
}
