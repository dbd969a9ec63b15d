import { TextDecoder } from 'node:util';

/** Turns the bytes of a text, given in pieces cut anywhere, into characters. What is not valid becomes U+FFFD. */
export interface CharsetDecoder {
  write(bytes: Buffer): string;
  end(): string;
}

/** A character encoding. */
export interface Charset {
  /** As the WHATWG Encoding Standard calls it, in lower case. */
  readonly name: string;
  /** Each byte is a character, and those below 128 are ASCII's: a text of only these is the same in UTF-8. */
  readonly isSingleByte: boolean;
  /** Turns the bytes of a whole text into characters. */
  decode(bytes: Buffer): string;
  createDecoder(): CharsetDecoder;
}

/** An encoding of which TextDecoder knows how to read it. */
class StandardCharset implements Charset {
  readonly name: string;
  readonly isSingleByte: boolean;
  readonly #decoder: TextDecoder;

  /** @throws RangeError for a label the Encoding Standard does not have. */
  constructor(label: string) {
    this.#decoder = new TextDecoder(label, { ignoreBOM: true });
    this.name = this.#decoder.encoding;
    this.isSingleByte = /^(?:windows-|iso-8859-|koi8-|ibm866|macintosh|x-mac-)/.test(this.name);
  }

  decode(bytes: Buffer): string {
    /* Always as a stream: of a text given at once, some releases of Node.js read windows-1252 as Latin-1. */
    return this.#decoder.decode(bytes, { stream: true }) + this.#decoder.decode();
  }

  createDecoder(): CharsetDecoder {
    const decoder = new TextDecoder(this.name, { ignoreBOM: true });
    return { write: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
  }
}

/** An encoding whose bytes need no context. */
class SimpleCharset implements Charset {
  readonly name: string;
  readonly isSingleByte = true;
  readonly decode: (bytes: Buffer) => string;

  constructor(name: string, decode: (bytes: Buffer) => string) {
    this.name = name;
    this.decode = decode;
  }

  createDecoder(): CharsetDecoder {
    return { write: this.decode, end: () => '' };
  }
}

export const UTF_8: Charset = new StandardCharset('utf-8');
export const UTF_16LE: Charset = new StandardCharset('utf-16le');
export const UTF_16BE: Charset = new StandardCharset('utf-16be');

/** Latin-1 as .NET reads it, all of U+0000 to U+00FF. The Encoding Standard takes it for windows-1252. */
const ISO_8859_1: Charset = new SimpleCharset('iso-8859-1', (bytes) => bytes.toString('latin1'));

/** As .NET reads it: a byte above 127 is a question mark (WIRE: Encoding). */
export const US_ASCII: Charset = new SimpleCharset('us-ascii', (bytes) =>
  bytes.toString('latin1').replace(/[\x80-\xff]/g, '?'),
);

const LATIN_1_LABEL = /^(?:iso[-_]?8859-?1|latin-?1|l1|cp819|ibm819|csisolatin1|iso-ir-100|iso_8859-1:1987)$/;
const ASCII_LABEL = /^(?:us-ascii|ascii|ansi_x3\.4-19[68]8|iso-ir-6|iso646-us|csascii|us)$/;

/** The encoding a `charset` parameter or an XML declaration names, in any case; undefined when nobody knows it. */
export function findCharset(label: string): Charset | undefined {
  const name = label.trim().toLowerCase();
  if (name === 'utf-8') return UTF_8;
  if (LATIN_1_LABEL.test(name)) return ISO_8859_1;
  if (ASCII_LABEL.test(name)) return US_ASCII;
  try {
    return new StandardCharset(name);
  } catch {
    /* It throws for nothing but a label it does not know. */
    return undefined;
  }
}
