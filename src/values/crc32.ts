import { crc32 as nativeCrc32 } from '@node-rs/crc32';

/** A CRC-32 (IEEE 802.3, as zip and zlib) as an unsigned 32-bit number. */
export type Crc32 = number;

/** The CRC-32 of no bytes, and the value to start a running one from. */
export const EMPTY_CRC32: Crc32 = 0;

/** The CRC-32 of `bytes`, going on from `from`. A package’s, because zlib’s is slower. */
export function crc32(bytes: Buffer, from: Crc32 = EMPTY_CRC32): Crc32 {
  return nativeCrc32(bytes, from);
}

const TEXT = /^\s*(?:0x)?0*([0-9a-f]{1,8})\s*$/i;

/** Reads a checksum as callers write it: hexadecimal in any case, padded or not, with or without `0x`. */
export function parseCrc32(text: string): Crc32 | undefined {
  const digits = text.length <= 64 ? TEXT.exec(text)?.[1] : undefined;
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** Upper-case hexadecimal, not padded: the form of `filehexcrc`. */
export function upperHex(crc: Crc32): string {
  return crc.toString(16).toUpperCase();
}

/** Lower-case hexadecimal, 8 digits: the form of `CRC32` and `chunkCRC32`. */
export function paddedHex(crc: Crc32): string {
  return crc.toString(16).padStart(8, '0');
}

/** The polynomial of CRC-32, bits reversed. */
const POLYNOMIAL = 0xedb88320;

/** Multiplies two polynomials over GF(2), modulo the CRC-32 polynomial, bits reversed. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let mask = 0x80000000; mask !== 0; mask >>>= 1) {
    if (a & mask) product ^= b;
    b = b & 1 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return product >>> 0;
}

/** x^(8 * 2^n) for n = 0 … 52: what appending 2^n zero bytes multiplies a checksum by. */
const ZERO_BYTES: readonly number[] = (() => {
  const powers: number[] = [];
  let power = 0x00800000; // x^8
  for (let n = 0; n <= 52; n++) {
    powers.push(power);
    power = multiply(power, power);
  }
  return powers;
})();

/**
 * The CRC-32 of two pieces of content one after the other, from the checksum of each and the length in bytes of the
 * second (0 … 2^53 - 1). This is how a file's checksum follows from its chunks' without reading the file again.
 */
export function combineCrc32(first: Crc32, second: Crc32, secondLength: number): Crc32 {
  let shifted = first;
  let remaining = secondLength;
  for (let n = 0; remaining > 0; n++) {
    if (remaining % 2 === 1) shifted = multiply(ZERO_BYTES[n] ?? 0, shifted);
    remaining = Math.floor(remaining / 2);
  }
  return (shifted ^ second) >>> 0;
}
