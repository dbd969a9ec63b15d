import { EMPTY_CRC32 } from '../values/crc32.js';
import type { Payload } from './payload.js';

/** The content of a call that brought none. */
export const EMPTY_PAYLOAD: Payload = {
  length: 0,
  crc32: EMPTY_CRC32,
  placement: undefined,
  copyTo: () => Promise.resolve(),
};
