import { type Crc32, crc32, EMPTY_CRC32 } from '../values/crc32.js';
import type { Guid } from '../values/guid.js';
import type { ContentStore } from './content-store.js';

/** Bytes read at a time. */
const PIECE = 1024 * 1024;

/**
 * The CRC-32 of the first `length` bytes of a content; undefined when it is shorter. @throws ContentMissing, StorageFailure
 */
export async function contentCrc32(contents: ContentStore, id: Guid, length: number): Promise<Crc32 | undefined> {
  const reader = await contents.openReader(id);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE, Math.max(length, 1)));
    let crc: Crc32 = EMPTY_CRC32;
    for (let position = 0; position < length;) {
      const count = await reader.read(buffer.subarray(0, Math.min(buffer.length, length - position)), position);
      if (count === 0) return undefined;
      crc = crc32(buffer.subarray(0, count), crc);
      position += count;
    }
    return crc;
  } finally {
    reader.close();
  }
}
