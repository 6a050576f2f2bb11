// Thrift's compact protocol, as far as Parquet's footer needs it: structs of numbers, texts, lists and structs.

const DEEPEST = 16;
const TYPE = { stop: 0, yes: 1, no: 2, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, binary: 8, list: 9, set: 10, map: 11, struct: 12 };

export class ThriftReader {
  #view;
  #at = 0;

  constructor(bytes) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * A struct's fields by their numbers, of those that `wanted` has: `{ number: reader }` with readers like `number`,
   * `text`, `list(of)`, `struct(wanted)`. The others are passed over. Throws a RangeError where the bytes end before.
   */
  struct(wanted, depth = 0) {
    const found = {};
    for (let id = 0; ;) {
      const head = this.#byte();
      const type = head & 0x0f;
      if (type === TYPE.stop) return found;
      id = head >> 4 ? id + (head >> 4) : this.number();
      if (wanted[id] && type > TYPE.no) found[id] = wanted[id](this, depth + 1);
      else this.#pass(type, depth + 1);
    }
  }

  number() {
    const coded = this.#varint();
    return Number(coded & 1n ? -(coded >> 1n) - 1n : coded >> 1n);
  }

  text() {
    const length = Number(this.#varint());
    const text = new TextDecoder().decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#at, this.#checked(length)));
    this.#at += length;
    return text;
  }

  list(read) {
    const { count } = this.#listHead();
    return Array.from({ length: this.#checked(count) }, () => read(this)); // each item has a byte at least
  }

  #pass(type, depth) {
    if (depth > DEEPEST) throw new RangeError("nested too deeply");
    if (type === TYPE.byte) this.#at += 1;
    else if (type >= TYPE.i16 && type <= TYPE.i64) this.#varint();
    else if (type === TYPE.double) this.#at += 8;
    else if (type === TYPE.binary) this.#passBytes(Number(this.#varint()));
    else if (type === TYPE.list || type === TYPE.set) this.#passList(depth);
    else if (type === TYPE.struct) this.struct({}, depth);
    else if (type > TYPE.no) throw new RangeError("a type that is not known");
  }

  #passBytes(length) {
    this.#at += this.#checked(length);
  }

  #passList(depth) {
    const { count, type } = this.#listHead();
    for (let left = this.#checked(count); left > 0; left -= 1) this.#pass(type <= TYPE.no ? TYPE.byte : type, depth + 1);
  }

  #listHead() {
    const head = this.#byte();
    return { count: head >> 4 === 15 ? Number(this.#varint()) : head >> 4, type: head & 0x0f };
  }

  #varint() {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number that does not end");
  }

  #byte() {
    const byte = this.#view.getUint8(this.#at);
    this.#at += 1;
    return byte;
  }

  #checked(length) {
    if (length > this.#view.byteLength - this.#at) throw new RangeError("more than there is");
    return length;
  }
}
