import { type ContentReceiver, MessageTooLarge, UnreadableMessage } from './argument-receiver.js';
import { isPending } from './back-pressure.js';
import { CharacterReference, GOES_ON } from './character-reference.js';
import { ScratchBuffers } from './scratch-buffers.js';

/** How much text is decoded at a time, in bytes: what a socket delivers at once, and little enough for the cache. */
const PIECE = 64 * 1024;

/** Below this many bytes a piece is decoded byte by byte: calling into native code would cost more. */
const SHORT = 32;

/**
 * How long the text may be: four bytes for each byte of content, three times what it needs, and a little. Line breaks, even as
 * references, take far less; but white space decodes to nothing, and a few compressed bytes hold any amount of it.
 */
const MOST_TEXT_PER_BYTE = 4;
const SPARE_TEXT = 1024 * 1024;

/** With less room than this, in bytes, at the receiver's, as much is decoded elsewhere as fills it. */
const LEAST_ROOM = 4096;

/** What a piece of text decodes to, and up to 3 characters that were left of the piece before it. */
const scratches = new ScratchBuffers((PIECE / 4) * 3 + 3);

/** A piece of text without its line breaks. In use only within {@link Base64Decoder}'s synchronous steps. */
const joined = Buffer.allocUnsafeSlow(PIECE);
const joinedWords = new DataView(joined.buffer, joined.byteOffset, joined.length);

const DASH = 0x2d;
const EQUALS = 0x3d;
const UNDERSCORE = 0x5f;
const AMPERSAND = 0x26;
const SPACE = 0x20;
const PLUS = 0x2b;

const WHITE_SPACE = -1;
const INVALID = -2;

/** What a byte means: 0 … 63, white space as XML has it, or nothing that may stand in base64. */
const DIGITS = new Int8Array(256).fill(INVALID);
for (const [value, digit] of [
  ...Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1'),
].entries()) {
  DIGITS[digit] = value;
}
for (const byte of Buffer.from(' \t\r\n', 'latin1')) DIGITS[byte] = WHITE_SPACE;

export interface Base64DecoderOptions {
  /**
   * Reads a space as `+`: what became of a `+` that was not escaped in a URL or a form (CONTRACT).
   * @default false
   */
  readonly spaceIsPlus?: boolean;
  /**
   * The text is an XML element's as it stands in the document: character references and the five predefined entities
   * are resolved.
   * @default false
   */
  readonly references?: boolean;
}

/**
 * Decodes base64 as it arrives, cut anywhere, and hands the bytes on in pieces of up to 48 KiB. What it accepts is what
 * .NET's XML reader does (WIRE): white space anywhere, padding that is missing or too long, a last character that is
 * too few to make a byte (it is dropped). Everything else that is not of the alphabet, and anything after the padding,
 * is an {@link UnreadableMessage}; text that hardly decodes to anything is {@link MessageTooLarge}.
 *
 * Text without line breaks, which is nearly all there is, is decoded by Node. Node skips what is not base64 and takes
 * `-` and `_` too, so a piece counts as good only when nothing was skipped and neither of the two is in it. Text with
 * line breaks is joined first; what is then still not regular is read byte by byte.
 */
export class Base64Decoder implements ContentReceiver {
  readonly #sink: ContentReceiver;
  readonly #spaceIsPlus: boolean;
  /** Reads the references of an XML element's text, one after the other. */
  readonly #reference: CharacterReference | undefined;
  #isInCdata = false;
  /** The characters of a group of four that is not complete: their number, 0 … 3, and their bits. */
  #count = 0;
  #bits = 0;
  #padded = false;
  /** How much text there was, and how many bytes it made. */
  #textLength = 0;
  #length = 0;
  /** The piece before had line breaks, so the next one will have some too. */
  #wrapped = false;

  constructor(sink: ContentReceiver, options: Base64DecoderOptions = {}) {
    this.#sink = sink;
    this.#spaceIsPlus = options.spaceIsPlus ?? false;
    this.#reference = options.references === true ? new CharacterReference() : undefined;
  }

  /** Takes the text in `bytes` from `start` up to `end`. */
  write(bytes: Buffer, start = 0, end = bytes.length): void | Promise<void> {
    let from = start;
    while (from < end) {
      const room = this.#sink.room?.();
      const isRoomy = room !== undefined && room.length >= LEAST_ROOM;
      const out = isRoomy ? room : scratches.take();
      const scratch = isRoomy ? undefined : out;
      const to = Math.min(from + (room ? textFor(room.length) : PIECE), end);
      const length = this.#decode(bytes, from, to, out);
      this.#limit(to - from, length);
      from = to;
      const written = length === 0 ? undefined : this.#sink.write(out.subarray(0, length));
      if (isPending(written)) return this.#resume(written, scratch, bytes, from, end);
      if (scratch) scratches.give(scratch);
    }
  }

  /**
   * What comes next is the text of a CDATA section: nothing in it is a reference (XML 1.0, 2.7).
   *
   * @throws UnreadableMessage when a reference is open: it cannot go on in there, or behind it
   */
  openCdata(): void {
    this.#expectNoReference();
    this.#isInCdata = true;
  }

  closeCdata(): void {
    this.#isInCdata = false;
  }

  /** The text has ended; so does what the sink is given. */
  end(): void | Promise<void> {
    this.#expectNoReference();
    const scratch = scratches.take();
    const length = this.#flush(scratch, 0);
    const written = length === 0 ? undefined : this.#sink.write(scratch.subarray(0, length));
    if (isPending(written)) return this.#finish(written, scratch);
    scratches.give(scratch);
    return this.#sink.end();
  }

  async #resume(
    written: Promise<void>,
    scratch: Buffer | undefined,
    bytes: Buffer,
    from: number,
    end: number,
  ): Promise<void> {
    await written;
    if (scratch) scratches.give(scratch);
    await this.write(bytes, from, end);
  }

  async #finish(written: Promise<void>, scratch: Buffer): Promise<void> {
    await written;
    scratches.give(scratch);
    await this.#sink.end();
  }

  #expectNoReference(): void {
    if (this.#reference?.isOpen) throw this.#reference.unterminated();
  }

  #limit(textLength: number, length: number): void {
    this.#textLength += textLength;
    this.#length += length;
    if (this.#textLength > this.#length * MOST_TEXT_PER_BYTE + SPARE_TEXT) {
      throw new MessageTooLarge('There is much more white space in the base64 than content.');
    }
  }

  /** Decodes a piece into `out`; returns how many bytes it made. */
  #decode(bytes: Buffer, from: number, to: number, out: Buffer): number {
    if (this.#padded || this.#reference?.isOpen || to - from < SHORT) {
      return this.#decodeByByte(bytes, from, to, out, 0);
    }
    const unpadded = beforePadding(bytes, from, to);
    let length = this.#wrapped ? INVALID : this.#decodeRegular(bytes, from, unpadded, out);
    if (length === INVALID) length = this.#decodeWrapped(bytes, from, unpadded, out);
    if (length === INVALID) return this.#decodeByByte(bytes, from, to, out, 0);
    return this.#decodeByByte(bytes, unpadded, to, out, length);
  }

  /** Decodes text that is nothing but digits, but for its last three bytes; else returns INVALID and nothing has happened. */
  #decodeRegular(bytes: Buffer, from: number, to: number, out: Buffer): number {
    const body = from + ((4 - this.#count) & 3);
    if (to < body) return INVALID;
    const tail = to - ((to - body) & 3);
    const head = body > from ? 3 : 0;
    const whole = head + ((tail - body) / 4) * 3;
    if (!areDigits(bytes, from, body)) return INVALID;
    if (head + out.write(bytes.toString('latin1', body, tail), head, 'base64') !== whole) return INVALID;
    const piece = bytes.subarray(body, tail);
    if (piece.includes(DASH) || piece.includes(UNDERSCORE)) return INVALID;
    this.#decodeByByte(bytes, from, body, out, 0);
    return this.#decodeByByte(bytes, tail, to, out, whole);
  }

  /** Decodes text that is nothing but digits and white space; else returns INVALID and nothing has happened. */
  #decodeWrapped(bytes: Buffer, from: number, to: number, out: Buffer): number {
    const length = this.#spaceIsPlus ? INVALID : joinLines(bytes, from, to);
    this.#wrapped = length !== INVALID && length < to - from;
    return length === INVALID ? INVALID : this.#decodeRegular(joined, 0, length, out);
  }

  /** Decodes any text into `out` from `length` on; returns the length `out` then has. */
  #decodeByByte(bytes: Buffer, from: number, to: number, out: Buffer, length: number): number {
    const reference = this.#isInCdata ? undefined : this.#reference;
    let filled = length;
    for (let i = from; i < to; i++) {
      if (reference?.isOpen) {
        const code = reference.take(bytes[i] ?? 0);
        if (code !== GOES_ON) filled = this.#character(code, out, filled);
        continue;
      }
      if (this.#count === 0 && !this.#padded) {
        const groups = decodeGroups(bytes, i, to, out, filled);
        filled += groups * 3;
        i += groups * 4;
        if (i === to) break;
      }
      const byte = bytes[i] ?? 0;
      if (byte === AMPERSAND && reference) reference.open();
      else filled = this.#character(byte, out, filled);
    }
    return filled;
  }

  /** Takes one character, given as its code point. */
  #character(code: number, out: Buffer, length: number): number {
    const digit = DIGITS[code === SPACE && this.#spaceIsPlus ? PLUS : code] ?? INVALID;
    if (digit >= 0 && !this.#padded) return this.#digit(digit, out, length);
    if (digit === WHITE_SPACE) return length;
    if (code === EQUALS) return this.#flush(out, length);
    throw new UnreadableMessage(
      `Invalid base64: ${this.#padded ? 'after the padding there is' : 'there is'} ${describe(code)}.`,
    );
  }

  #digit(digit: number, out: Buffer, length: number): number {
    this.#bits = (this.#bits << 6) | digit;
    this.#count++;
    if (this.#count < 4) return length;
    out[length] = this.#bits >>> 16;
    out[length + 1] = this.#bits >>> 8;
    out[length + 2] = this.#bits;
    this.#bits = 0;
    this.#count = 0;
    return length + 3;
  }

  /** The group that has begun is the last one: two characters make one byte, three make two. */
  #flush(out: Buffer, length: number): number {
    const bytes = Math.max(0, this.#count - 1);
    const bits = this.#bits << (6 * (4 - this.#count));
    out[length] = bits >>> 16;
    out[length + 1] = bits >>> 8;
    this.#bits = 0;
    this.#count = 0;
    this.#padded = true;
    return length + bytes;
  }
}

/**
 * How much text to decode for so many bytes of room: as much as surely fits. Or, when that is hardly anything, as much as surely
 * fills it.
 */
function textFor(room: number): number {
  const groups = Math.floor(room / 3);
  return room < LEAST_ROOM ? (groups + 1) * 4 : Math.min(PIECE, (groups - 1) * 4);
}

/** Where the padding and white space at the very end of a piece begin: without them the rest may be regular. */
function beforePadding(bytes: Buffer, from: number, to: number): number {
  const lowest = Math.max(from, to - SHORT);
  let end = to;
  while (end > lowest && (bytes[end - 1] === EQUALS || digit(bytes, end - 1) === WHITE_SPACE)) end--;
  return end;
}

function areDigits(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    if (digit(bytes, i) < 0) return false;
  }
  return true;
}

/** Decodes groups of four digits up to the first that is something else; returns how many. */
function decodeGroups(bytes: Buffer, from: number, to: number, out: Buffer, length: number): number {
  let filled = length;
  for (let i = from; i <= to - 4; i += 4) {
    const bits =
      (digit(bytes, i) << 18) | (digit(bytes, i + 1) << 12) | (digit(bytes, i + 2) << 6) | digit(bytes, i + 3);
    if (bits < 0) break;
    out[filled] = bits >>> 16;
    out[filled + 1] = bits >>> 8;
    out[filled + 2] = bits;
    filled += 3;
  }
  return (filled - length) / 3;
}

/** What the byte at `position` means: 0 … 63, or less than 0. */
function digit(bytes: Buffer, position: number): number {
  return DIGITS[bytes[position] ?? 0] ?? INVALID;
}

/**
 * Copies text without its white space into {@link joined}; returns its length, or INVALID when it meets another byte
 * below `+`, the lowest of the alphabet. Takes four bytes at a time where none of them is below `+`.
 */
function joinLines(bytes: Buffer, from: number, to: number): number {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let length = 0;
  let i = from;
  while (i < to) {
    while (i <= to - 4) {
      const word = words.getInt32(i, true);
      if (((word - 0x2b2b2b2b) & ~word & 0x80808080) !== 0) break;
      joinedWords.setInt32(length, word, true);
      i += 4;
      length += 4;
    }
    for (const stop = Math.min(i + 4, to); i < stop; i++) {
      const byte = bytes[i] ?? 0;
      if (byte >= PLUS) joined[length++] = byte;
      else if (DIGITS[byte] !== WHITE_SPACE) return INVALID;
    }
  }
  return length;
}

function describe(code: number): string {
  if (code > 0x20 && code < 0x7f) return `a '${String.fromCharCode(code)}'`;
  return `the character 0x${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
