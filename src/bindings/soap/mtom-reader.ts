import { type ContentType, parseContentType } from '../content-type.js';
import {
  type ArgumentReceiver,
  type ContentReceiver,
  type MessageReader,
  UnreadableMessage,
} from '../payload/argument-receiver.js';
import { MultipartReader, type PartHeaders } from '../payload/multipart-reader.js';
import type { TextAccount } from '../payload/text-budget.js';
import { TranscodingReader } from '../payload/transcoding-reader.js';
import { UnwantedBytes } from '../payload/unwanted-bytes.js';
import { type EnvelopeListener, EnvelopeReader } from './envelope-reader.js';

/**
 * Reads an MTOM message (XOP packaging, MIME multipart/related): the envelope is the first part; content is in parts of its own, which the
 * envelope names where the base64 would be, and goes to its place as it is. By then all arguments are known. Content that stands in
 * the envelope as base64, as senders do when it is small, is taken as well.
 */
export class MtomReader implements MessageReader {
  readonly #listener: EnvelopeListener;
  readonly #envelope: (charset: string | undefined) => MessageReader;
  readonly #parts: MultipartReader;
  /** The Content-ID of the part that is the envelope, if the sender said. */
  readonly #start: string | undefined;
  /** Takes the bytes of parts the envelope does not name. */
  readonly #unnamed = new UnwantedBytes();
  readonly #included = new Map<string, string>();
  /** The parameters whose content is in the envelope, and those whose content is in a part. */
  readonly #inlineNames = new Set<string>();
  readonly #includedNames = new Set<string>();
  #receiver: ArgumentReceiver | undefined;
  #hasEnvelope = false;

  /**
   * @param parameters - Of the Content-Type: `boundary` and `start` (RFC 2387).
   * @param namespace - See {@link EnvelopeReader}, as for the others.
   */
  constructor(
    parameters: ContentType['parameters'],
    listener: EnvelopeListener,
    { account, namespace, maxTextBytes }: { namespace: string; maxTextBytes: number; account?: TextAccount },
  ) {
    this.#listener = listener;
    this.#envelope = (charset) =>
      new TranscodingReader(charset, new EnvelopeReader(this.#listening(), namespace, maxTextBytes, account));
    const start = parameters.get('start');
    this.#start = start === undefined ? undefined : plainId(start);
    this.#parts = new MultipartReader(parameters.get('boundary'), { begin: (headers) => this.#begin(headers) });
  }

  write(bytes: Buffer): void | Promise<void> {
    return this.#parts.write(bytes);
  }

  end(): void {
    this.#parts.end();
    if (!this.#hasEnvelope) throw new UnreadableMessage('The message has no part.');
    const [missing] = this.#included.keys();
    if (missing !== undefined)
      throw new UnreadableMessage(`The envelope includes a part ${missing} that did not come.`);
  }

  #listening(): EnvelopeListener {
    const listener = this.#listener;
    return {
      envelope: (version) => listener.envelope(version),
      isArgument: (name) => listener.isArgument(name),
      ended: (name, position) => listener.ended(name, position),
      body: (namespace, name) => {
        this.#receiver = listener.body(namespace, name);
        return this.#receiver && this.#inlineReceiver(this.#receiver);
      },
      include: (name, href) => this.#include(name, href),
    };
  }

  /** Content in the envelope begins when there is some: most often there is none, but the name of a part. */
  #inlineReceiver(receiver: ArgumentReceiver): ArgumentReceiver {
    const open = (name: string): Promise<ContentReceiver> => {
      if (this.#includedNames.has(keyOf(name))) throw twice(name);
      this.#inlineNames.add(keyOf(name));
      return receiver.content(name);
    };
    return {
      isContent: (name) => receiver.isContent(name),
      text: (name, value) => receiver.text(name, value),
      content: (name) => Promise.resolve(new InlineContent(() => open(name))),
    };
  }

  #include(name: string, href: string): void {
    if (!/^cid:/i.test(href))
      throw new UnreadableMessage(`The reference ${href} in ${name} is not to a part of the message.`);
    if (this.#inlineNames.has(keyOf(name)) || this.#includedNames.has(keyOf(name))) throw twice(name);
    this.#includedNames.add(keyOf(name));
    this.#included.set(decodeId(href.slice('cid:'.length)), name);
  }

  #begin(headers: PartHeaders): ContentReceiver | Promise<ContentReceiver> {
    if (!this.#hasEnvelope) {
      this.#hasEnvelope = true;
      const type = parseContentType(headers.get('content-type'));
      this.#requireStart(headers, type);
      const reader = this.#envelope(type.parameters.get('charset'));
      return { write: (bytes) => reader.write(bytes), end: () => reader.end() };
    }
    const id = plainId(headers.get('content-id') ?? '');
    const name = this.#included.get(id);
    if (name === undefined || !this.#receiver) return this.#unnamed;
    this.#included.delete(id);
    const encoding = (headers.get('content-transfer-encoding') ?? 'binary').toLowerCase();
    if (!['binary', '8bit', '7bit'].includes(encoding)) {
      throw new UnreadableMessage(`The part ${id} must not be encoded as ${encoding}.`);
    }
    return this.#receiver.content(name);
  }

  /** Content before its envelope would have no place to go to. Who names the first part otherwise, or not at all, and sends the envelope in it, is understood. */
  #requireStart(headers: PartHeaders, { type }: ContentType): void {
    const id = plainId(headers.get('content-id') ?? '');
    if (this.#start === undefined || id === '' || id === this.#start || type.endsWith('xml')) return;
    throw new UnreadableMessage(`The envelope must be the first part, but start names another: ${this.#start}.`);
  }
}

/** A Content-ID, or what refers to one, without its brackets. */
function plainId(text: string): string {
  return text.trim().replace(/^<(.*)>$/s, '$1');
}

/** Names of parameters count in any case. */
const keyOf = (name: string): string => name.toLowerCase();

/** Of two elements one would be lost, and which one depended on the order of the parts. */
function twice(name: string): UnreadableMessage {
  return new UnreadableMessage(`The parameter ${name} comes twice, and at least once by an xop:Include.`);
}

class InlineContent implements ContentReceiver {
  readonly #open: () => Promise<ContentReceiver>;
  #receiver: ContentReceiver | undefined;

  constructor(open: () => Promise<ContentReceiver>) {
    this.#open = open;
  }

  write(bytes: Buffer): void | Promise<void> {
    return this.#receiver ? this.#receiver.write(bytes) : this.#begin(bytes);
  }

  end(): void | Promise<void> {
    return this.#receiver?.end();
  }

  async #begin(bytes: Buffer): Promise<void> {
    this.#receiver = await this.#open();
    await this.#receiver.write(bytes);
  }
}

/** A Content-ID as it stands in a `cid:` URL (RFC 2392) is percent-encoded. */
function decodeId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
