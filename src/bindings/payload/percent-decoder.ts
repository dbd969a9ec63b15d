import { after, isPending } from './back-pressure.js';
import type { Base64Decoder } from './base64-decoder.js';
import { missingOfEscape, UNESCAPE_SLACK, unescapeContent } from './percent-encoding.js';
import { ScratchBuffers } from './scratch-buffers.js';

const PERCENT = 0x25;
const NOTHING = Buffer.alloc(0);

/** How much is unescaped at a time, in bytes. */
const PIECE = 64 * 1024;
const scratches = new ScratchBuffers(PIECE + UNESCAPE_SLACK);

/** Takes the escapes out of content in a form or a query as it arrives, cut anywhere, and hands the base64 on. */
export class PercentDecoder {
  readonly #base64: Base64Decoder;
  /** The beginning of an escape that was cut. */
  #cut = NOTHING;

  constructor(base64: Base64Decoder) {
    this.#base64 = base64;
  }

  /** Takes the text in `bytes` from `start` up to `end`. */
  write(bytes: Buffer, start: number, end: number): void | Promise<void> {
    if (this.#cut.length === 0) return this.#decode(bytes, start, end);
    const taken = Math.min(end, start + missingOfEscape(this.#cut));
    const joined = Buffer.concat([this.#cut, bytes.subarray(start, taken)]);
    this.#cut = NOTHING;
    const written = this.#decode(joined, 0, joined.length);
    return taken === end ? written : after(written, () => this.write(bytes, taken, end));
  }

  /** The content has ended. An escape that has not stands for itself, and is no base64. */
  end(): void | Promise<void> {
    return after(this.#base64.write(this.#cut), () => this.#base64.end());
  }

  #decode(bytes: Buffer, start: number, end: number): void | Promise<void> {
    let position = start;
    while (position < end) {
      if (!bytes.subarray(position, end).includes(PERCENT)) return this.#base64.write(bytes, position, end);
      const scratch = scratches.take();
      const to = Math.min(position + PIECE, end);
      const { read, written } = unescapeContent(bytes, position, to, scratch);
      position += read;
      if (to === end && position < end) {
        this.#cut = Buffer.from(bytes.subarray(position, end));
        position = end;
      }
      const decoded = this.#base64.write(scratch, 0, written);
      if (isPending(decoded)) return this.#resume(decoded, scratch, bytes, position, end);
      scratches.give(scratch);
    }
  }

  async #resume(decoded: Promise<void>, scratch: Buffer, bytes: Buffer, position: number, end: number): Promise<void> {
    await decoded;
    scratches.give(scratch);
    await this.#decode(bytes, position, end);
  }
}
