import { isAscii } from 'node:buffer';
import { type Charset, type CharsetDecoder, findCharset, US_ASCII, UTF_16BE, UTF_16LE, UTF_8 } from './charset.js';

const NOTHING = Buffer.alloc(0);

const UTF_8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF_16LE_MARK = Buffer.from([0xff, 0xfe]);
const UTF_16BE_MARK = Buffer.from([0xfe, 0xff]);

/** `<` in UTF-16: an XML document without a byte order mark that begins like this is in it (XML 1.0, appendix F). */
const UTF_16LE_LESS = Buffer.from([0x3c, 0x00]);
const UTF_16BE_LESS = Buffer.from([0x00, 0x3c]);

const DECLARATION_START = Buffer.from('<?xml', 'latin1');
const DECLARATION_END = Buffer.from('?>', 'latin1');
const DECLARED_ENCODING = /^<\?xml(?=\s)[^>]*?\sencoding\s*=\s*(["'])([A-Za-z][A-Za-z0-9._-]*)\1/;

/** How much of a message is looked at for the end of its XML declaration, in bytes. */
const LONGEST_DECLARATION = 1024;

/** What a message is encoded in, and how many bytes of mark stand before it. */
interface Decision {
  readonly charset: Charset;
  readonly markLength: number;
}

/**
 * Turns an XML message, given in pieces cut anywhere, into UTF-8 without a byte order mark. A byte order mark decides
 * what it was; else the charset parameter does, and when there is none the XML declaration. Without all of them it is
 * UTF-8. An encoding that nobody knows is US-ASCII (WIRE, CONTRACT: Encoding).
 *
 * UTF-8 is handed on without copying and without being checked: whoever reads the text replaces what is not valid.
 */
export class Transcoder {
  readonly #parameter: string | undefined;
  /** What has come before it was clear what it is. */
  #held = NOTHING;
  #charset: Charset | undefined;
  /** Undefined for what is UTF-8 already. */
  #decoder: CharsetDecoder | undefined;

  /** @param charset the parameter of the Content-Type, if there was one */
  constructor(charset: string | undefined) {
    this.#parameter = charset?.trim() === '' ? undefined : charset;
  }

  /** Takes the next bytes; returns what is clear by now, which may be part of `bytes`, or nothing. */
  write(bytes: Buffer): Buffer {
    if (this.#charset !== undefined) return this.#transcode(bytes);
    const first = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const decision = decide(first, this.#parameter, false);
    if (decision !== undefined) return this.#begin(first, decision);
    this.#held = Buffer.from(first);
    return NOTHING;
  }

  /** The message has ended; returns what is left of it. */
  end(): Buffer {
    const decision = this.#charset === undefined ? decide(this.#held, this.#parameter, true) : undefined;
    const rest = decision === undefined ? NOTHING : this.#begin(this.#held, decision);
    return Buffer.concat([rest, Buffer.from(this.#decoder?.end() ?? '')]);
  }

  #begin(first: Buffer, { charset, markLength }: Decision): Buffer {
    this.#held = NOTHING;
    this.#charset = charset;
    if (charset.name !== UTF_8.name) this.#decoder = charset.createDecoder();
    return this.#transcode(first.subarray(markLength));
  }

  #transcode(bytes: Buffer): Buffer {
    if (this.#decoder === undefined) return bytes;
    /* Nearly all of a message is base64, which is the same in all of these. */
    if (this.#charset?.isSingleByte === true && isAscii(bytes)) return bytes;
    return Buffer.from(this.#decoder.write(bytes));
  }
}

/** What a message is in, from its first bytes; undefined when more of them must be seen. */
function decide(first: Buffer, parameter: string | undefined, isWhole: boolean): Decision | undefined {
  if (!isWhole && mayBecome(first, UTF_8_MARK, UTF_16LE_MARK, UTF_16BE_MARK, UTF_16LE_LESS, UTF_16BE_LESS)) {
    return undefined;
  }
  if (startsWith(first, UTF_8_MARK)) return { charset: UTF_8, markLength: UTF_8_MARK.length };
  if (startsWith(first, UTF_16LE_MARK)) return { charset: UTF_16LE, markLength: UTF_16LE_MARK.length };
  if (startsWith(first, UTF_16BE_MARK)) return { charset: UTF_16BE, markLength: UTF_16BE_MARK.length };
  const charset = parameter === undefined ? sniff(first, isWhole) : named(parameter, first);
  return charset && { charset, markLength: 0 };
}

/** What a message is in when nothing but itself says so. */
function sniff(first: Buffer, isWhole: boolean): Charset | undefined {
  if (startsWith(first, UTF_16LE_LESS)) return UTF_16LE;
  if (startsWith(first, UTF_16BE_LESS)) return UTF_16BE;
  if (!isWhole && mayBecome(first, DECLARATION_START)) return undefined;
  if (!startsWith(first, DECLARATION_START)) return UTF_8;
  const isDeclared = first.includes(DECLARATION_END);
  if (!isDeclared && !isWhole && first.length < LONGEST_DECLARATION) return undefined;
  const label = DECLARED_ENCODING.exec(first.toString('latin1', 0, LONGEST_DECLARATION))?.[2];
  const charset = label === undefined ? UTF_8 : (findCharset(label) ?? US_ASCII);
  /* A declaration that can be read byte by byte is wrong when it says UTF-16: a string was written out as UTF-8. */
  return charset.name.startsWith('utf-16') ? UTF_8 : charset;
}

function named(parameter: string, first: Buffer): Charset {
  const charset = findCharset(parameter) ?? US_ASCII;
  const isUtf16 = /^utf-?16$/i.test(parameter.trim());
  return isUtf16 && startsWith(first, UTF_16BE_LESS) ? UTF_16BE : charset;
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  return bytes.subarray(0, start.length).equals(start);
}

/** Whether the bytes are the beginning of one of these, but not all of it. */
function mayBecome(bytes: Buffer, ...starts: readonly Buffer[]): boolean {
  return starts.some((start) => bytes.length < start.length && startsWith(start, bytes));
}
