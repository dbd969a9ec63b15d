/** What is gathered of a message in pieces: names, texts, headers, small pieces of a body. It grows as it must and is used again after each. */
export class GrowingBuffer {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was gathered; valid until the next call. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  append(bytes: Buffer, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#bytes.length) this.#grow(length);
    bytes.copy(this.#bytes, this.#length, from, to);
    this.#length = length;
  }

  clear(): void {
    this.#length = 0;
  }

  #grow(length: number): void {
    const grown = Buffer.allocUnsafe(Math.max(256, length, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
