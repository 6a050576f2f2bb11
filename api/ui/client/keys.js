// Idempotency keys: a request that is sent again with its key makes no second job.

/** A key that nobody else has. (`crypto.randomUUID` is there only over https and on localhost.) */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
