import { setImmediate as immediate } from 'node:timers/promises';
import { type Crc32, crc32, EMPTY_CRC32 } from '../values/crc32.js';
import type { ContentReader } from './content-store.js';
import { withReadBuffer } from './read-buffers.js';

/** Others get their turn whenever so many bytes have been read. */
const YIELD_EVERY = 4 * 1024 * 1024;

/**
 * The CRC-32 of `length` bytes of a content from `offset` on; undefined when it ends before. @throws StorageFailure
 */
export function rangeCrc32(reader: ContentReader, offset: number, length: number): Promise<Crc32 | undefined> {
  return withReadBuffer(async (buffer) => {
    let crc: Crc32 = EMPTY_CRC32;
    for (let done = 0; done < length;) {
      const count = await reader.read(buffer.subarray(0, Math.min(buffer.length, length - done)), offset + done);
      if (count === 0) return undefined;
      crc = crc32(buffer.subarray(0, count), crc);
      done += count;
      if (done % YIELD_EVERY === 0) await immediate();
    }
    return crc;
  });
}
