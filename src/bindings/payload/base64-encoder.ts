import type { ContentSource } from '../../contract/result.js';
import type { BufferPool } from './buffer-pool.js';
import { SendingBuffer } from './sending-buffer.js';

const NOTHING = Buffer.alloc(0);

/** How content stands in an answer: as base64, or as it is. */
export type ContentEncoding = 'base64' | 'raw';

/** Bytes encoded at a time: a multiple of 3, and few enough that Node's young generation takes the text. */
const STEP = 48 * 1024;

/**
 * Writes content to an answer as it is read, in pieces as long as the pool's buffers, or small ones: see {@link SendingBuffer}.
 *
 * @param write Fulfilled when the buffer may be used again: when the socket has taken it. The back-pressure.
 * @throws what `source` and `write` do; an Error when the source has less than its length.
 */
export async function streamContent(
  source: ContentSource,
  write: (bytes: Buffer) => void | Promise<void>,
  encoding: ContentEncoding,
  buffers: BufferPool,
): Promise<void> {
  const sending = new SendingBuffer(buffers);
  try {
    if (encoding === 'base64') await streamBase64(source, write, sending);
    else await streamRaw(source, write, sending);
  } finally {
    sending.release();
  }
}

async function streamRaw(
  source: ContentSource,
  write: (bytes: Buffer) => void | Promise<void>,
  sending: SendingBuffer,
): Promise<void> {
  for (let position = 0; position < source.length;) {
    if (source.prepare) {
      sending.yield();
      await source.prepare(position);
    }
    const bytes = await readSome(source, sending.next(), position);
    position += bytes.length;
    await sending.send(bytes, write);
  }
}

/**
 * Reads into the last three quarters of the buffer and encodes from there to its beginning. The text takes a third more
 * than the bytes, so it reaches a byte only when the byte has been encoded.
 */
async function streamBase64(
  source: ContentSource,
  write: (bytes: Buffer) => void | Promise<void>,
  sending: SendingBuffer,
): Promise<void> {
  let carried: Buffer = NOTHING;
  for (let position = 0; position < source.length;) {
    if (source.prepare) {
      carried = Buffer.from(carried);
      sending.yield();
      await source.prepare(position);
    }
    const buffer = sending.next();
    const start = Math.floor(buffer.length / 12) * 3;
    carried.copy(buffer, start);
    const space = buffer.subarray(start + carried.length, start * 4);
    const read = await readSome(source, space, position);
    position += read.length;
    const end = start + carried.length + read.length;
    const isLast = position === source.length;
    const rest = isLast ? 0 : (end - start) % 3;
    carried = buffer.subarray(end - rest, end);
    const length = encode(buffer, start, end - rest);
    if (length > 0) await sending.send(buffer.subarray(0, length), write);
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
