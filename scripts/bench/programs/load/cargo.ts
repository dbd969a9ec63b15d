import crypto from 'node:crypto';
import zlib from 'node:zlib';

/** Content repeats itself after this many bytes, so that what sends it stays in its own core's cache. A multiple of 3: so does its base64. */
const PERIOD = 192 * 1024;

/** A chunk's content, in a form in which it is sent: pieces that are the same buffer again and again. */
export interface Encoded {
  readonly pieces: readonly Buffer[];
  /** Bytes. */
  readonly length: number;
}

/** The content of a chunk. */
export class Cargo {
  readonly #period: Buffer;
  readonly #size: number;

  constructor(size: number) {
    this.#period = crypto.randomBytes(Math.min(PERIOD, size));
    this.#size = size;
  }

  /** CRC-32, hexadecimal. */
  get crc(): string {
    let crc = 0;
    for (const piece of this.raw().pieces) crc = zlib.crc32(piece, crc);
    return crc.toString(16);
  }

  raw(): Encoded {
    return this.#repeat((bytes) => bytes);
  }

  base64(): Encoded {
    return this.#repeat((bytes) => Buffer.from(bytes.toString('base64'), 'latin1'));
  }

  /** Base64 with what is reserved in a form percent-encoded. */
  urlencoded(): Encoded {
    return this.#repeat((bytes) => Buffer.from(encodeURIComponent(bytes.toString('base64')), 'latin1'));
  }

  #repeat(encode: (bytes: Buffer) => Buffer): Encoded {
    const whole = encode(this.#period);
    const rest = encode(this.#period.subarray(0, this.#size % this.#period.length));
    const count = Math.floor(this.#size / this.#period.length);
    const pieces = [...Array.from({ length: count }, () => whole), ...(rest.length > 0 ? [rest] : [])];
    return { pieces, length: count * whole.length + rest.length };
  }
}
