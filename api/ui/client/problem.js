// What went wrong with a call: the API's own problem (RFC 9457), or that no answer came.

export class Problem extends Error {
  /**
   * `code` is the API's stable one, or NETWORK when nothing answered; `errors` are the fields at fault, each
   * `{ where, code, message }`; `retryAfter` seconds, where the answer says so.
   */
  constructor({ status, code, detail, errors = [], retryAfter = null, requestId = null }) {
    super(detail);
    this.name = "Problem";
    Object.assign(this, { status, code, detail, errors, retryAfter, requestId });
  }

  /** The problem that an answer tells of, whatever it is written in. */
  static async of(response) {
    const said = await response.json().catch(() => ({}));
    return Problem.from(response.status, said, (name) => response.headers.get(name));
  }

  /** The problem with this status, this body and these headers. */
  static from(status, said, header) {
    return new Problem({
      status,
      code: said.code ?? "UNREADABLE",
      detail: said.detail ?? "",
      errors: said.errors ?? [],
      retryAfter: Number(header("Retry-After")) || null,
      requestId: header("X-Request-ID"),
    });
  }

  /** That no answer came at all. */
  static network() {
    return new Problem({ status: 0, code: "NETWORK", detail: "" });
  }
}
