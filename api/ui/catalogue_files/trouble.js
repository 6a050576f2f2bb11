// Why a file cannot be sent, or cannot be looked into.

export class FileTrouble extends Error {
  /**
   * `code` is the API's where the service would say the same; `values` are for its sentence. With `isFinal` the service
   * would refuse the file, too: there is no use in sending it.
   */
  constructor(code, values = {}, { isFinal = true } = {}) {
    super(code);
    this.name = "FileTrouble";
    Object.assign(this, { code, values, isFinal });
  }
}

/** That a file cannot be looked into here, which says nothing against sending it. */
export function unseen(code, values = {}) {
  return new FileTrouble(code, values, { isFinal: false });
}
