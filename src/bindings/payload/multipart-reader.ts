import { type ContentReceiver, MessageTooLarge, type MessageReader, UnreadableMessage } from './argument-receiver.js';
import { isPending } from './back-pressure.js';
import { DelimiterEnding, type DelimiterKind } from './delimiter-ending.js';
import { GrowingBuffer } from './growing-buffer.js';
import { UnwantedBytes } from './unwanted-bytes.js';

/** The headers of a part, by their names in lower case. The first of two counts. */
export type PartHeaders = ReadonlyMap<string, string>;

/** What is told of the parts of a multipart message, one after the other. */
export interface PartReceiver {
  /** A part begins. What is returned is given its bytes as they are, not decoded, and told of its end. */
  begin(headers: PartHeaders): ContentReceiver | Promise<ContentReceiver>;
}

/** How long the headers of one part may be, in bytes. */
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_PARTS = 1000;

/** How long those of all parts may be together, in bytes. */
const MAX_ALL_HEADERS_BYTES = 128 * 1024;

/**
 * How many lines may begin like a delimiter and be none. There is to be no such line (RFC 2046, 5.1.1); there are when a boundary begins others that stand in the
 * content, as those of a mail may. Each costs what kilobytes of other content cost.
 */
const MAX_FALSE_DELIMITERS = 1000;

const LINE_FEED = 0x0a;

/** What a boundary may be: RFC 2046 (5.1.1) lists fewer characters, but only these would be mistaken for something else. */
const BOUNDARY = /^[ -~]{0,69}[!-~]$/;

const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:(.*)$/s;

type Place = 'preamble' | 'headers' | 'body' | 'epilogue';

/**
 * Reads a multipart message (RFC 2046) as it arrives, cut anywhere. Content is handed on without copying: what is held
 * back is only what may be the beginning of a delimiter, and of that it is known what it is. Line ends may be LF alone
 * when the first delimiter's is.
 */
export class MultipartReader implements MessageReader {
  readonly #receiver: PartReceiver;
  readonly #boundary: string;
  /** LF before the first delimiter, which finds both; then the one that the first delimiter has. */
  #lineEnd = '\n';
  /** What ends what is being read: a line end and the boundary. Nothing in it is like its first byte. */
  #delimiter: Buffer;
  #place: Place = 'preamble';
  /** How much of the delimiter has come, in bytes. The line end before the very first one need not. */
  #matched = 1;
  /** How much of what matched does not belong to the content: the line end that came before it. */
  #borrowed = 1;
  /** What came behind a whole delimiter, as long as it is not clear whether it is one. */
  readonly #ending = new DelimiterEnding();
  #falseDelimiters = 0;
  readonly #headers = new GrowingBuffer();
  /** How long those of all parts are so far, in bytes. */
  #allHeadersBytes = 0;
  /** Where the line begins that is being read, in the headers. */
  #lineStart = 0;
  #parts = 0;
  /** What stands before the first part and behind the last. */
  readonly #unwanted = new UnwantedBytes();
  #part: ContentReceiver = this.#unwanted;
  /** How much of the buffer that is being read has been read. */
  #position = 0;

  /**
   * @param boundary the parameter of the Content-Type
   * @throws UnreadableMessage when there is none, or none that may be
   */
  constructor(boundary: string | undefined, receiver: PartReceiver) {
    if (boundary === undefined)
      throw new UnreadableMessage('The Content-Type of the multipart message has no boundary.');
    if (!BOUNDARY.test(boundary)) throw new UnreadableMessage('The boundary of the multipart message is not valid.');
    this.#receiver = receiver;
    this.#boundary = boundary;
    this.#delimiter = Buffer.from(`\n--${boundary}`, 'latin1');
  }

  write(bytes: Buffer): void | Promise<void> {
    this.#position = 0;
    return this.#read(bytes);
  }

  end(): void {
    if (this.#place === 'preamble') throw new UnreadableMessage('The multipart message does not hold its boundary.');
    if (this.#place !== 'epilogue') throw new UnreadableMessage('The multipart message has no closing delimiter.');
  }

  #read(bytes: Buffer): void | Promise<void> {
    while (this.#position < bytes.length) {
      const read = this.#readSome(bytes);
      if (isPending(read)) return read.then(() => this.#read(bytes));
    }
  }

  #readSome(bytes: Buffer): void | Promise<void> {
    if (this.#place === 'epilogue') {
      this.#unwanted.write(bytes.subarray(this.#position));
      this.#position = bytes.length;
      return;
    }
    if (this.#place === 'headers') return this.#readHeaders(bytes);
    if (this.#matched === this.#delimiter.length) return this.#readAfterDelimiter(bytes);
    return this.#matched > 0 ? this.#readMatching(bytes) : this.#readContent(bytes);
  }

  /** Reads content, of a part or before the first, up to the next delimiter or what may become one. */
  #readContent(bytes: Buffer): void | Promise<void> {
    const start = this.#position;
    const found = bytes.indexOf(this.#delimiter, start);
    this.#matched = found === -1 ? beginningAtEnd(bytes, start, this.#delimiter) : this.#delimiter.length;
    const end = found === -1 ? bytes.length - this.#matched : found;
    this.#position = end + this.#matched;
    if (end > start) return this.#part.write(bytes.subarray(start, end));
  }

  /** Reads what may be the rest of a delimiter that was cut. */
  #readMatching(bytes: Buffer): void | Promise<void> {
    let matched = this.#matched;
    let position = this.#position;
    while (
      matched < this.#delimiter.length &&
      position < bytes.length &&
      bytes[position] === this.#delimiter[matched]
    ) {
      matched++;
      position++;
    }
    if (matched < this.#delimiter.length && position < bytes.length) return this.#writeMatched();
    this.#matched = matched;
    this.#position = position;
  }

  /** Reads what shows whether this was a delimiter or only content that began like one. */
  #readAfterDelimiter(bytes: Buffer): void | Promise<void> {
    const kind = this.#ending.take(bytes[this.#position] ?? 0);
    if (kind === 'none') return this.#writeFalseDelimiter();
    this.#position++;
    if (kind !== undefined) return this.#endPart(kind);
  }

  #writeFalseDelimiter(): void | Promise<void> {
    this.#falseDelimiters++;
    if (this.#falseDelimiters > MAX_FALSE_DELIMITERS) {
      throw new UnreadableMessage(
        `More than ${MAX_FALSE_DELIMITERS} lines of the multipart message begin with its boundary and delimit nothing.`,
      );
    }
    return this.#writeMatched();
  }

  /** What was held turned out to be content. */
  #writeMatched(): void | Promise<void> {
    const held = Buffer.concat([this.#delimiter.subarray(this.#borrowed, this.#matched), this.#ending.held]);
    this.#matched = 0;
    this.#borrowed = 0;
    this.#ending.clear();
    if (held.length > 0) return this.#part.write(held);
  }

  #endPart(kind: Exclude<DelimiterKind, 'none'>): void | Promise<void> {
    if (this.#place === 'preamble' && kind !== 'closing') this.#useLineEnd(kind);
    this.#place = kind === 'closing' ? 'epilogue' : 'headers';
    this.#ending.clear();
    const part = this.#part;
    this.#part = this.#unwanted;
    return part.end();
  }

  #useLineEnd(lineEnd: string): void {
    this.#lineEnd = lineEnd;
    this.#delimiter = Buffer.from(`${lineEnd}--${this.#boundary}`, 'latin1');
  }

  #readHeaders(bytes: Buffer): void | Promise<void> {
    const lineFeed = bytes.indexOf(LINE_FEED, this.#position);
    const end = lineFeed === -1 ? bytes.length : lineFeed + 1;
    if (this.#headers.length + end - this.#position > MAX_HEADER_BYTES) {
      throw new MessageTooLarge(`The headers of a part are longer than ${MAX_HEADER_BYTES} bytes.`);
    }
    this.#allHeadersBytes += end - this.#position;
    if (this.#allHeadersBytes > MAX_ALL_HEADERS_BYTES) {
      throw new MessageTooLarge(`The headers of all parts are longer than ${MAX_ALL_HEADERS_BYTES} bytes.`);
    }
    this.#headers.append(bytes, this.#position, end);
    this.#position = end;
    if (lineFeed === -1) return;
    const line = this.#headers.bytes.toString('latin1', this.#lineStart);
    this.#lineStart = this.#headers.length;
    if (line === '\n' || line === '\r\n') return this.#beginPart(line);
  }

  /** The line end that ends the headers is also the delimiter's when the part is empty (RFC 2046, 5.1.1: body-part). */
  #beginPart(lineEnd: string): void | Promise<void> {
    this.#parts++;
    if (this.#parts > MAX_PARTS) throw new MessageTooLarge(`The message has more than ${MAX_PARTS} parts.`);
    const headers = parseHeaders(this.#headers.bytes.toString());
    this.#headers.clear();
    this.#lineStart = 0;
    this.#place = 'body';
    this.#matched = lineEnd.endsWith(this.#lineEnd) ? this.#lineEnd.length : 0;
    this.#borrowed = this.#matched;
    const part = this.#receiver.begin(headers);
    if ('then' in part) return this.#awaitPart(part);
    this.#part = part;
  }

  async #awaitPart(part: Promise<ContentReceiver>): Promise<void> {
    this.#part = await part;
  }
}

/** How many bytes at the end may be the beginning of the delimiter. */
function beginningAtEnd(bytes: Buffer, start: number, delimiter: Buffer): number {
  const first = delimiter[0] ?? 0;
  let at = bytes.indexOf(first, Math.max(start, bytes.length - delimiter.length + 1));
  while (at !== -1 && !bytes.subarray(at).equals(delimiter.subarray(0, bytes.length - at))) {
    at = bytes.indexOf(first, at + 1);
  }
  return at === -1 ? 0 : bytes.length - at;
}

/** Reads header lines; one that begins with white space goes on with the one before. */
function parseHeaders(text: string): PartHeaders {
  const headers = new Map<string, string>();
  for (const line of text.replace(/\r?\n(?=[ \t])/g, ' ').split(/\r?\n/)) {
    if (line === '') continue;
    const [, name, value = ''] = HEADER.exec(line) ?? [];
    if (name === undefined) throw new UnreadableMessage('A part of the message has a header line that is none.');
    if (!headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), value.trim());
  }
  return headers;
}
