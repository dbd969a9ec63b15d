import { parseContentType } from '../content-type.js';
import {
  type ArgumentReceiver,
  type ContentReceiver,
  MessageTooLarge,
  type MessageReader,
  UnreadableMessage,
} from './argument-receiver.js';
import { Base64Decoder } from './base64-decoder.js';
import { type Charset, findCharset, UTF_8 } from './charset.js';
import { GrowingBuffer } from './growing-buffer.js';
import type { TextAccount } from './text-budget.js';
import { MultipartReader, type PartHeaders, type PartReceiver } from './multipart-reader.js';

export interface FormDataOptions {
  /** The boundary, as the Content-Type's parameter has it. */
  readonly boundary: string | undefined;
  /**
   * How long all names and texts together may be, in bytes.
   * @default 1048576
   */
  readonly maxTextBytes?: number | undefined;
  /** Told of what comes of them. */
  readonly account?: TextAccount | undefined;
}

/**
 * Reads a multipart/form-data message (RFC 7578). A file (a part with a file name, with a type that is not text, or said
 * to be binary) holds content as it is; a plain field holds it as base64, like the other bindings.
 */
export class FormDataReader implements MessageReader {
  readonly #multipart: MultipartReader;

  /** @throws UnreadableMessage when there is no boundary, or none that may be */
  constructor(receiver: ArgumentReceiver, options: FormDataOptions) {
    const fields = new FormFields(receiver, options);
    this.#multipart = new MultipartReader(options.boundary, fields);
  }

  write(bytes: Buffer): void | Promise<void> {
    return this.#multipart.write(bytes);
  }

  end(): void {
    this.#multipart.end();
  }
}

/** Says where the bytes of each field go. */
class FormFields implements PartReceiver {
  readonly #receiver: ArgumentReceiver;
  readonly #maxTextBytes: number;
  readonly #account: TextAccount | undefined;
  #textBytes = 0;

  constructor(receiver: ArgumentReceiver, { account, maxTextBytes = 1024 * 1024 }: FormDataOptions) {
    this.#receiver = receiver;
    this.#maxTextBytes = maxTextBytes;
    this.#account = account;
  }

  begin(headers: PartHeaders): ContentReceiver | Promise<ContentReceiver> {
    const field = parseField(headers);
    this.#count(Buffer.byteLength(field.name));
    if (this.#receiver.isContent(field.name)) return this.#beginContent(field);
    const text = new FieldText(field.charset, (value) => this.#receiver.text(field.name, value));
    return new CountedField(field.isBase64 ? new Base64Decoder(text) : text, (length) => this.#count(length));
  }

  async #beginContent({ name, isFile, isBase64 }: Field): Promise<ContentReceiver> {
    const content = await this.#receiver.content(name);
    return isFile && !isBase64 ? content : new Base64Decoder(content);
  }

  /** @throws MessageTooLarge */
  #count(bytes: number): void {
    this.#textBytes += bytes;
    this.#account?.take(bytes);
    if (this.#textBytes > this.#maxTextBytes) {
      throw new MessageTooLarge(`The message has more than ${this.#maxTextBytes} bytes that are not content.`);
    }
  }
}

/** Counts a field as it comes: white space in base64 decodes to nothing, and takes its time. */
class CountedField implements ContentReceiver {
  readonly #receiver: ContentReceiver;
  readonly #count: (bytes: number) => void;

  constructor(receiver: ContentReceiver, count: (bytes: number) => void) {
    this.#receiver = receiver;
    this.#count = count;
  }

  write(bytes: Buffer): void | Promise<void> {
    this.#count(bytes.length);
    return this.#receiver.write(bytes);
  }

  end(): void | Promise<void> {
    return this.#receiver.end();
  }
}

/** Gathers the text of a field. */
class FieldText implements ContentReceiver {
  readonly #charset: Charset;
  readonly #report: (value: string) => void;
  readonly #gathered = new GrowingBuffer();

  constructor(charset: Charset, report: (value: string) => void) {
    this.#charset = charset;
    this.#report = report;
  }

  write(bytes: Buffer): void {
    this.#gathered.append(bytes, 0, bytes.length);
  }

  end(): void {
    this.#report(this.#charset.decode(this.#gathered.bytes));
  }
}

/** What the headers say of a field. */
interface Field {
  readonly name: string;
  readonly isFile: boolean;
  readonly isBase64: boolean;
  readonly charset: Charset;
}

/** @throws UnreadableMessage */
function parseField(headers: PartHeaders): Field {
  /* A Content-Disposition has the form of a Content-Type. */
  const { parameters: disposition } = parseContentType(headers.get('content-disposition'));
  const { type, parameters } = parseContentType(headers.get('content-type'));
  const name = disposition.get('name');
  if (name === undefined) throw new UnreadableMessage('A part of the form has no name.');
  const encoding = (headers.get('content-transfer-encoding') ?? '7bit').toLowerCase();
  if (!['7bit', '8bit', 'binary', 'base64'].includes(encoding)) {
    throw new UnreadableMessage(`The Content-Transfer-Encoding of a part is none that is read here: ${encoding}.`);
  }
  const hasFileName = disposition.has('filename') || disposition.has('filename*');
  return {
    name: unescapeName(name),
    isFile: hasFileName || (type !== '' && !type.startsWith('text/')) || encoding === 'binary',
    isBase64: encoding === 'base64',
    charset: findCharset(parameters.get('charset') ?? 'utf-8') ?? UTF_8,
  };
}

/** Browsers escape three characters of a name by a percent sign, and not the percent sign (HTML, multipart/form-data). */
function unescapeName(name: string): string {
  return name.replace(/%22/g, '"').replace(/%0D/gi, '\r').replace(/%0A/gi, '\n');
}
