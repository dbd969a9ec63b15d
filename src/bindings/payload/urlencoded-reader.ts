import { type ArgumentReceiver, MessageTooLarge, type MessageReader } from './argument-receiver.js';
import { after, isPending } from './back-pressure.js';
import { Base64Decoder } from './base64-decoder.js';
import { type Charset, findCharset, UTF_8 } from './charset.js';
import { GrowingBuffer } from './growing-buffer.js';
import { PercentDecoder } from './percent-decoder.js';
import { decodeFormText } from './percent-encoding.js';
import type { TextAccount } from './text-budget.js';

const AMPERSAND = 0x26;
const EQUALS = 0x3d;

/** The most bytes that three decimal digits take, each of them escaped. */
const LONGEST_BYTE_VALUE = 9;
const BYTE_VALUE = /^[0-9]{1,3}$/;

/** How many names there may be, without those of content: it may come a byte for each name (WIRE: byte[]). */
const MAX_NAMES = 1000;

export interface UrlencodedOptions {
  /**
   * The encoding of names and texts, as the Content-Type's parameter has it. One that nobody knows is UTF-8.
   * @default 'utf-8'
   */
  readonly charset?: string | undefined;
  /**
   * How long all that is not content may be, in bytes as they came.
   * @default 1048576
   */
  readonly maxTextBytes?: number | undefined;
  /** Told of what comes of it. */
  readonly account?: TextAccount | undefined;
}

/** Where in the message the reader is. Content's first bytes are held until it is clear that they are not a number. */
type Place = 'name' | 'text' | 'first of content' | 'content';

/**
 * Reads `name=value&name=value`: the body of an application/x-www-form-urlencoded POST, or a query. Everything between
 * `=` and `&` belongs to the value, also line breaks (WIRE); a name without `=` has an empty value. Content is base64;
 * see {@link ArgumentReceiver.text} for a value that may be something else.
 */
export class UrlencodedReader implements MessageReader {
  readonly #receiver: ArgumentReceiver;
  readonly #charset: Charset;
  readonly #maxTextBytes: number;
  readonly #account: TextAccount | undefined;
  readonly #gathered = new GrowingBuffer();
  #textBytes = 0;
  #names = 0;
  #place: Place = 'name';
  #name = '';
  #content: PercentDecoder | undefined;
  /** How much of the buffer that is being read has been read. */
  #position = 0;

  constructor(receiver: ArgumentReceiver, options: UrlencodedOptions = {}) {
    this.#receiver = receiver;
    this.#charset = findCharset(options.charset ?? 'utf-8') ?? UTF_8;
    this.#maxTextBytes = options.maxTextBytes ?? 1024 * 1024;
    this.#account = options.account;
  }

  write(bytes: Buffer): void | Promise<void> {
    this.#position = 0;
    return this.#read(bytes);
  }

  end(): void | Promise<void> {
    if (this.#place !== 'name') return this.#endValue();
    if (this.#gathered.length > 0) return this.#endNameAlone();
  }

  #read(bytes: Buffer): void | Promise<void> {
    while (this.#position < bytes.length) {
      const read = this.#readPart(bytes);
      if (isPending(read)) return read.then(() => this.#read(bytes));
    }
  }

  /** Reads to the end of the name or value that stands here, or of the buffer. */
  #readPart(bytes: Buffer): void | Promise<void> {
    switch (this.#place) {
      case 'name':
        return this.#readName(bytes);
      case 'text':
        return this.#readText(bytes);
      case 'first of content':
        return this.#readFirstOfContent(bytes);
      case 'content':
        return this.#readContent(bytes);
    }
  }

  #readName(bytes: Buffer): void | Promise<void> {
    let end = this.#position;
    while (end < bytes.length && bytes[end] !== EQUALS && bytes[end] !== AMPERSAND) end++;
    this.#gatherText(bytes, end);
    if (end === bytes.length) return;
    this.#position++;
    if (bytes[end] === EQUALS) this.#endName();
    else if (this.#gathered.length > 0) return this.#endNameAlone();
    else this.#countName();
  }

  #readText(bytes: Buffer): void | Promise<void> {
    const end = findValueEnd(bytes, this.#position);
    this.#gatherText(bytes, end);
    if (end === bytes.length) return;
    this.#position++;
    return this.#endValue();
  }

  #readFirstOfContent(bytes: Buffer): void | Promise<void> {
    const most = Math.min(bytes.length, this.#position + LONGEST_BYTE_VALUE + 1 - this.#gathered.length);
    let end = this.#position;
    while (end < most && bytes[end] !== AMPERSAND) end++;
    this.#gathered.append(bytes, this.#position, end);
    this.#position = end;
    if (this.#gathered.length > LONGEST_BYTE_VALUE) return this.#beginContent();
    if (end === bytes.length) return;
    this.#position++;
    return this.#endValue();
  }

  #readContent(bytes: Buffer): void | Promise<void> {
    const start = this.#position;
    const end = findValueEnd(bytes, start);
    this.#position = end;
    const written = this.#content?.write(bytes, start, end);
    if (end === bytes.length) return written;
    this.#position++;
    return after(written, () => this.#endValue());
  }

  #endName(): void {
    this.#name = decodeFormText(this.#gathered.bytes, this.#charset);
    this.#gathered.clear();
    if (this.#receiver.isContent(this.#name)) {
      this.#place = 'first of content';
      return;
    }
    this.#place = 'text';
    this.#countName();
  }

  /** An empty one counts as well: each takes its time. */
  #countName(): void {
    this.#names++;
    if (this.#names > MAX_NAMES) throw new MessageTooLarge(`The message has more than ${MAX_NAMES} names.`);
  }

  #endNameAlone(): void | Promise<void> {
    this.#endName();
    return this.#endValue();
  }

  #endValue(): void | Promise<void> {
    if (this.#place === 'content') return this.#endContent();
    const text = decodeFormText(this.#gathered.bytes, this.#charset);
    if (this.#place === 'first of content' && !BYTE_VALUE.test(text)) {
      return this.#beginContent().then(() => this.#endContent());
    }
    this.#gathered.clear();
    this.#place = 'name';
    this.#receiver.text(this.#name, text);
  }

  /** Hands on what was held of the content, now that it is clear that it is content. */
  async #beginContent(): Promise<void> {
    const receiver = await this.#receiver.content(this.#name);
    this.#content = new PercentDecoder(new Base64Decoder(receiver, { spaceIsPlus: true }));
    this.#place = 'content';
    await this.#content.write(this.#gathered.bytes, 0, this.#gathered.length);
    this.#gathered.clear();
  }

  #endContent(): void | Promise<void> {
    this.#place = 'name';
    return this.#content?.end();
  }

  /** Gathers what stands between the position and `end`. @throws MessageTooLarge */
  #gatherText(bytes: Buffer, end: number): void {
    this.#textBytes += end - this.#position;
    this.#account?.take(end - this.#position);
    if (this.#textBytes > this.#maxTextBytes)
      throw new MessageTooLarge(`The message has more than ${this.#maxTextBytes} bytes that are not content.`);
    this.#gathered.append(bytes, this.#position, end);
    this.#position = end;
  }
}

/**
 * Reads a query, as it stands behind the `?` of a URL in Node's `request.url`: each character a byte. Waits only when the
 * receiver is given content.
 */
export function readQuery(
  query: string,
  receiver: ArgumentReceiver,
  options?: UrlencodedOptions,
): void | Promise<void> {
  const reader = new UrlencodedReader(receiver, options);
  return after(reader.write(Buffer.from(query, 'latin1')), () => reader.end());
}

function findValueEnd(bytes: Buffer, start: number): number {
  const ampersand = bytes.indexOf(AMPERSAND, start);
  return ampersand === -1 ? bytes.length : ampersand;
}
