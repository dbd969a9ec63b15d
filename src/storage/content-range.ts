import type { ContentReader } from './content-store.js';

/** A part of a content, to be sent. Closing it closes the reader. */
export class ContentRange {
  /** Bytes. */
  readonly length: number;
  readonly #reader: ContentReader;
  readonly #offset: number;

  constructor(reader: ContentReader, offset: number, length: number) {
    this.#reader = reader;
    this.#offset = offset;
    this.length = length;
  }

  /** Reads from `position` within the range on; returns how many bytes, fewer than the buffer holds only at the end. */
  read(buffer: Buffer, position: number): Promise<number> {
    const left = this.length - position;
    if (left <= 0) return Promise.resolve(0);
    return this.#reader.read(left < buffer.length ? buffer.subarray(0, left) : buffer, this.#offset + position);
  }

  close(): void {
    this.#reader.close();
  }
}
