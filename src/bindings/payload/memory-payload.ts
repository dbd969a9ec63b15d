import type { Payload } from '../../contract/payload.js';
import { crc32 } from '../../values/crc32.js';

/** Content that stands in memory, because there is so little of it. */
export function memoryPayload(bytes: Buffer): Payload {
  return {
    length: bytes.length,
    crc32: crc32(bytes),
    placement: undefined,
    copyTo: async (sink) => sink.write(bytes),
  };
}
