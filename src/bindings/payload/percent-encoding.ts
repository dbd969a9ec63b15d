import { type Charset, UTF_8 } from './charset.js';

const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const SMALL_U = 0x75;
const LAST_OF_ASCII = 0x7f;

/** What a byte is worth as a hexadecimal digit, or -1. */
const HEX = new Int8Array(256).fill(-1);
for (const [value, digit] of Buffer.from('0123456789abcdef', 'latin1').entries()) HEX[digit] = value;
for (const [value, digit] of Buffer.from('ABCDEF', 'latin1').entries()) HEX[digit] = 10 + value;

/** The lengths of `%XX` and of `%uXXXX`, in bytes. */
const BYTE_ESCAPE = 3;
const UNIT_ESCAPE = 6;

/**
 * Reads a name or a text of a form or a query: `+` is a space, `%XX` a byte in the form's encoding, and `%uXXXX` a
 * UTF-16 code unit, as IIS takes it (WIRE). A `%` that begins neither stands for itself.
 */
export function decodeFormText(bytes: Buffer, charset: Charset): string {
  if (!bytes.includes(PERCENT) && !bytes.includes(PLUS)) return charset.decode(bytes);
  const decoded = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let text = '';
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i] ?? 0;
    const escape = byte === PERCENT ? escapeLength(bytes, i, bytes.length) : 1;
    if (escape === UNIT_ESCAPE && i + UNIT_ESCAPE <= bytes.length) {
      const units = readUnits(bytes, i);
      i += units.length * UNIT_ESCAPE;
      if (charset === UTF_8) {
        /* Nearly every form is in UTF-8: the units join its bytes, and all is decoded at once. */
        length += decoded.write(units, length);
        continue;
      }
      if (length > 0) text += charset.decode(decoded.subarray(0, length));
      text += units;
      length = 0;
    } else if (escape === BYTE_ESCAPE && i + BYTE_ESCAPE <= bytes.length) {
      decoded[length++] = byteAt(bytes, i + 1);
      i += BYTE_ESCAPE;
    } else {
      decoded[length++] = byte === PLUS ? SPACE : byte;
      i++;
    }
  }
  const rest = charset.decode(decoded.subarray(0, length));
  /* Half of a surrogate pair may have come without the other: what cannot be written as UTF-8 becomes U+FFFD. */
  return text === '' ? rest : Buffer.from(text + rest).toString();
}

/** The code units of the escapes that stand here, one behind the other. */
function readUnits(bytes: Buffer, start: number): string {
  let units = '';
  let i = start;
  while (i + UNIT_ESCAPE <= bytes.length && bytes[i] === PERCENT && bytes[i + 1] === SMALL_U) {
    if (escapeLength(bytes, i, bytes.length) !== UNIT_ESCAPE) break;
    units += String.fromCharCode(unitAt(bytes, i + 2));
    i += UNIT_ESCAPE;
  }
  return units;
}

/** How far something got: bytes read of what it was given, and bytes written. */
export interface Unescaped {
  readonly read: number;
  readonly written: number;
}

/** How much longer the place must be than what {@link unescapeContent} is given: it writes four bytes at a time. */
export const UNESCAPE_SLACK = 4;

/**
 * Decodes the escapes of content from `from` to `to` into `out`, which has room for as many bytes and
 * {@link UNESCAPE_SLACK} more. An escape that is cut at `to` is not read. `+` stays, for it is a digit of base64 that
 * was not escaped (CONTRACT); a `%` that begins no escape stays too, for whoever reads the content to refuse it.
 */
export function unescapeContent(bytes: Buffer, from: number, to: number, out: Buffer): Unescaped {
  const { read, written } = unescapeBytes(bytes, from, to, out);
  if (from + read === to) return { read, written };
  const rest = unescapeAny(bytes, from + read, to, out, written);
  return { read: read + rest.read, written: written + rest.written };
}

/**
 * Decodes up to a `%` that begins no `%XX`. In base64 an escape comes every 32 characters or so. The runs between them
 * are copied four bytes at a time, and whether there is a `%` among the four is asked of all at once.
 */
function unescapeBytes(bytes: Buffer, from: number, to: number, out: Buffer): Unescaped {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const outWords = new DataView(out.buffer, out.byteOffset, out.length);
  let i = from;
  let length = 0;
  while (i < to) {
    if (i <= to - 4) {
      const word = words.getInt32(i, true);
      const difference = word ^ 0x25252525;
      const percents = (difference - 0x01010101) & ~difference & 0x80808080;
      const run = percents === 0 ? 4 : (31 - Math.clz32(percents & -percents)) >>> 3;
      outWords.setInt32(length, word, true);
      i += run;
      length += run;
      if (percents === 0) continue;
    }
    const byte = bytes[i] ?? 0;
    if (byte !== PERCENT) {
      out[length++] = byte;
      i++;
      continue;
    }
    const value = i + BYTE_ESCAPE <= to ? byteAt(bytes, i + 1) : -1;
    if (value < 0) break;
    out[length++] = value;
    i += BYTE_ESCAPE;
  }
  return { read: i - from, written: length };
}

/**
 * Decodes escapes of every kind into `out` from `start` on. Content may consist of `%uXXXX` alone, and nobody needs a
 * ticket to send it: so none of them makes an object or calls into native code.
 */
function unescapeAny(bytes: Buffer, from: number, to: number, out: Buffer, start: number): Unescaped {
  let i = from;
  let length = start;
  while (i < to) {
    const byte = bytes[i] ?? 0;
    const escape = byte === PERCENT ? escapeLength(bytes, i, to) : 1;
    if (i + escape > to) break;
    if (escape === UNIT_ESCAPE) length += writeUnit(unitAt(bytes, i + 2), out, length);
    else out[length++] = escape === BYTE_ESCAPE ? byteAt(bytes, i + 1) : byte;
    i += escape;
  }
  return { read: i - from, written: length - start };
}

/** Writes a code unit as UTF-8; returns its length. What is not ASCII is no base64, and ends the content. */
function writeUnit(unit: number, out: Buffer, position: number): number {
  if (unit > LAST_OF_ASCII) return out.write(String.fromCharCode(unit), position);
  out[position] = unit;
  return 1;
}

/** How many more bytes are needed to see what a cut escape is. */
export function missingOfEscape(cut: Buffer): number {
  return (cut[1] === SMALL_U ? UNIT_ESCAPE : BYTE_ESCAPE) - cut.length;
}

/**
 * The length of the escape that begins at `percent`: more than there is before `to` when it is cut there, and 1 when it
 * is none.
 */
function escapeLength(bytes: Buffer, percent: number, to: number): number {
  if (percent + BYTE_ESCAPE <= to && byteAt(bytes, percent + 1) >= 0) return BYTE_ESCAPE;
  const isUnit = percent + 1 < to && bytes[percent + 1] === SMALL_U;
  const length = isUnit ? UNIT_ESCAPE : BYTE_ESCAPE;
  for (let i = percent + (isUnit ? 2 : 1); i < Math.min(percent + length, to); i++) {
    if (nibbleAt(bytes, i) < 0) return 1;
  }
  return length;
}

function nibbleAt(bytes: Buffer, position: number): number {
  return HEX[bytes[position] ?? 0] ?? -1;
}

/** The number two hexadecimal digits make, or less than 0. */
function byteAt(bytes: Buffer, position: number): number {
  return (nibbleAt(bytes, position) << 4) | nibbleAt(bytes, position + 1);
}

/** The number four hexadecimal digits make, or less than 0. */
function unitAt(bytes: Buffer, position: number): number {
  return (byteAt(bytes, position) << 8) | byteAt(bytes, position + 2);
}
