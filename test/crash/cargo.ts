import { createCipheriv } from 'node:crypto';
import CRC32 from 'crc-32';

/** Content that can be made again from a number, so that nothing large has to be kept. */
export interface Piece {
  /** Any whole number: the same makes the same bytes. */
  readonly seed: number;
  /** Bytes. */
  readonly length: number;
}

/** A whole file. */
export interface Content {
  readonly pieces: readonly Piece[];
  /** Bytes. */
  readonly length: number;
  readonly crc32: number;
}

export function contentOf(pieces: readonly Piece[]): Content {
  return { pieces, length: lengthOf(pieces), crc32: crc32Of(bytesOf(pieces)) };
}

/** The pieces, one behind the other. */
export function bytesOf(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(pieces.map(bytesOfPiece));
}

/** In bytes. */
export function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** By a library that is not the server's. */
export function crc32Of(bytes: Buffer): number {
  return CRC32.buf(bytes) >>> 0;
}

/* The key stream of a cipher: cheap, and no piece resembles another. */
function bytesOfPiece({ length, seed }: Piece): Buffer {
  const key = Buffer.alloc(16);
  key.writeDoubleLE(seed);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}
