import type { Crc32 } from '../values/crc32.js';
import type { Guid } from '../values/guid.js';
import type { ContentStore } from './content-store.js';
import { rangeCrc32 } from './range-crc32.js';

/** The CRC-32 of the first `length` bytes of a content; undefined when it is shorter. @throws ContentMissing, StorageFailure */
export async function contentCrc32(contents: ContentStore, id: Guid, length: number): Promise<Crc32 | undefined> {
  const reader = await contents.openReader(id);
  try {
    return await rangeCrc32(reader, 0, length);
  } finally {
    reader.close();
  }
}
