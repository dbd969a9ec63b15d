const DASH = 0x2d;
const SPACE = 0x20;
const TAB = 0x09;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/** How much white space may stand behind a delimiter, in bytes. */
const MOST_BLANKS = 100;

/**
 * What the bytes behind a boundary make of it: the closing delimiter, a delimiter whose line ends like this, content that began like one; or
 * nothing as long as it may become any of them.
 */
export type DelimiterKind = 'closing' | '\r\n' | '\n' | 'none';

/** What stands between a boundary and the next line, as it comes: `--`, or white space and a line end (RFC 2046, 5.1.1). */
export class DelimiterEnding {
  /** A dash; or white space, with or without a carriage return. */
  readonly #held = Buffer.allocUnsafe(MOST_BLANKS + 1);
  #length = 0;

  /** What came and does not show yet what it is; valid until the next call. */
  get held(): Buffer {
    return this.#held.subarray(0, this.#length);
  }

  /** Takes the next byte. The one that shows what all of it is, is not held. */
  take(byte: number): DelimiterKind | undefined {
    const last = this.#length === 0 ? undefined : this.#held[this.#length - 1];
    if (last === DASH) return byte === DASH ? 'closing' : 'none';
    if (byte === LINE_FEED) return last === CARRIAGE_RETURN ? '\r\n' : '\n';
    if (last === CARRIAGE_RETURN || !this.#mayFollow(byte)) return 'none';
    this.#held[this.#length++] = byte;
    return undefined;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Whether a byte may come where nothing but white space has come. */
  #mayFollow(byte: number): boolean {
    if (byte === DASH) return this.#length === 0;
    return byte === CARRIAGE_RETURN || ((byte === SPACE || byte === TAB) && this.#length < MOST_BLANKS);
  }
}
