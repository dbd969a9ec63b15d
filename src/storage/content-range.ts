import type { ContentReader } from './content-store.js';

/** Why a content may end before it should: rejects with that when it is known. */
export type ExplainEnd = () => Promise<unknown>;

/** A part of a content, to be sent. Closing it closes the reader. */
export class ContentRange {
  /** Bytes. */
  readonly length: number;
  readonly #reader: ContentReader;
  readonly #offset: number;
  readonly #explainEnd: ExplainEnd | undefined;

  constructor(reader: ContentReader, offset: number, length: number, explainEnd?: ExplainEnd) {
    this.#reader = reader;
    this.#offset = offset;
    this.length = length;
    this.#explainEnd = explainEnd;
  }

  /** Reads from `position` within the range on; returns how many bytes, fewer than the buffer holds only at the end. */
  async read(buffer: Buffer, position: number): Promise<number> {
    const left = this.length - position;
    if (left <= 0) return 0;
    const wanted = left < buffer.length ? buffer.subarray(0, left) : buffer;
    const count = await this.#reader.read(wanted, this.#offset + position);
    if (count === 0 && wanted.length > 0) await this.#explainEnd?.();
    return count;
  }

  close(): void {
    this.#reader.close();
  }
}
