import { setImmediate as immediate } from 'node:timers/promises';
import { type Crc32, crc32, EMPTY_CRC32 } from '../values/crc32.js';
import { FairGate } from '../values/fair-gate.js';
import type { Guid } from '../values/guid.js';
import type { ContentReader, ContentStore } from './content-store.js';

/** Bytes read at a time: enough that a read's fixed cost does not matter, little enough to stay in the cache. */
const BUFFER = 512 * 1024;

/** Others get their turn whenever so many bytes have been read. It is then, too, that a caller is known to have left who left at once. */
const YIELD_EVERY = 1024 * 1024;

/** For whom something is read. */
export interface Reading {
  /** Those of one group are in the way of each other alone: see FairQueue. */
  readonly group: string;
  /** When their signal is aborted nobody needs to know any more. @default they wait to the end */
  readonly caller?: { readonly gone?: AbortSignal };
}

/** Reads contents for their CRC-32, so many at once and the others by turns, in buffers that are used again and again. */
export class ChecksumReaders {
  readonly #gate: FairGate;
  readonly #idle: Buffer[] = [];

  /** @param width - How many at once. */
  constructor(width: number) {
    this.#gate = new FairGate({ width });
  }

  /**
   * The CRC-32 of `length` bytes from `offset` on; undefined when the content ends before.
   * @throws StorageFailure; the reason of the caller's signal
   */
  range(reader: ContentReader, offset: number, length: number, reading: Reading): Promise<Crc32 | undefined> {
    return this.#gate.run(reading.group, () => this.#read(reader, offset, length, reading.caller), reading.caller);
  }

  /** The CRC-32 of the first `length` bytes of a content; undefined when it is shorter. @throws ContentMissing, and as {@link range} */
  content(contents: ContentStore, id: Guid, length: number, reading: Reading): Promise<Crc32 | undefined> {
    const read = async (): Promise<Crc32 | undefined> => {
      const reader = await contents.openReader(id);
      try {
        return await this.#read(reader, 0, length, reading.caller);
      } finally {
        reader.close();
      }
    };
    return this.#gate.run(reading.group, read, reading.caller);
  }

  async #read(
    reader: ContentReader,
    offset: number,
    length: number,
    caller: Reading['caller'],
  ): Promise<Crc32 | undefined> {
    const buffer = this.#idle.pop() ?? Buffer.allocUnsafeSlow(BUFFER);
    try {
      let crc: Crc32 = EMPTY_CRC32;
      for (let done = 0; done < length;) {
        const count = await reader.read(buffer.subarray(0, Math.min(buffer.length, length - done)), offset + done);
        if (count === 0) return undefined;
        crc = crc32(buffer.subarray(0, count), crc);
        done += count;
        if (done % YIELD_EVERY === 0) {
          await immediate();
          caller?.gone?.throwIfAborted();
        }
      }
      return crc;
    } finally {
      this.#idle.push(buffer);
    }
  }
}
