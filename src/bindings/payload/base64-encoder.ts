import type { ContentSource } from '../../contract/result.js';
import type { BufferPool } from './buffer-pool.js';

/** How content stands in an answer: as base64, or as it is. */
export type ContentEncoding = 'base64' | 'raw';

/** Bytes encoded at a time: a multiple of 3, and few enough that Node's young generation takes the text. */
const STEP = 48 * 1024;

/**
 * Writes content to an answer as it is read, in pieces as long as the pool's buffers.
 *
 * @param write Fulfilled when the buffer may be used again: when the socket has taken it. The back-pressure.
 * @param signal Ends the waiting for a buffer, when nobody is there any more to be answered.
 * @throws what `source`, `write` and the signal do; an Error when the source has less than its length.
 */
export async function streamContent(
  source: ContentSource,
  write: (bytes: Buffer) => void | Promise<void>,
  encoding: ContentEncoding,
  buffers: BufferPool,
  signal?: AbortSignal,
): Promise<void> {
  const buffer = await buffers.acquire(signal);
  try {
    if (encoding === 'base64') await streamBase64(source, write, buffer.bytes);
    else await streamRaw(source, write, buffer.bytes);
  } finally {
    buffer.release();
  }
}

async function streamRaw(
  source: ContentSource,
  write: (bytes: Buffer) => void | Promise<void>,
  buffer: Buffer,
): Promise<void> {
  for (let position = 0; position < source.length;) {
    const bytes = await readSome(source, buffer, position);
    position += bytes.length;
    await write(bytes);
  }
}

/**
 * Reads into the last three quarters of the buffer and encodes from there to its beginning. The text takes a third more
 * than the bytes, so it reaches a byte only when the byte has been encoded.
 */
async function streamBase64(
  source: ContentSource,
  write: (bytes: Buffer) => void | Promise<void>,
  buffer: Buffer,
): Promise<void> {
  const start = Math.floor(buffer.length / 12) * 3;
  let carried = buffer.subarray(start, start);
  for (let position = 0; position < source.length;) {
    carried.copy(buffer, start);
    const space = buffer.subarray(start + carried.length, start * 4);
    const read = await readSome(source, space, position);
    position += read.length;
    const end = start + carried.length + read.length;
    const isLast = position === source.length;
    const rest = isLast ? 0 : (end - start) % 3;
    carried = buffer.subarray(end - rest, end);
    const length = encode(buffer, start, end - rest);
    if (length > 0) await write(buffer.subarray(0, length));
  }
}

/** Encodes the bytes from `start` to `end` to the beginning of their buffer; returns the length of the text. */
function encode(buffer: Buffer, start: number, end: number): number {
  let length = 0;
  for (let from = start; from < end; from += STEP) {
    length += buffer.write(buffer.toString('base64', from, Math.min(from + STEP, end)), length, 'latin1');
  }
  return length;
}

/** Reads at most what is left of the content: its length has been announced. */
async function readSome(source: ContentSource, space: Buffer, position: number): Promise<Buffer> {
  const wanted = space.subarray(0, Math.min(space.length, source.length - position));
  const read = await source.read(wanted, position);
  if (read === 0) throw new Error(`The content ended at ${position} of ${source.length} bytes.`);
  return wanted.subarray(0, read);
}
