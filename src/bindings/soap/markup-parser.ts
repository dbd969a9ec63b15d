import { SaxesParser, type SaxesTagNS } from 'saxes';
import { MessageTooLarge, UnreadableMessage } from '../payload/argument-receiver.js';

/** Told of what the markup of a message holds, in its order. */
export interface MarkupListener {
  attribute(): void;
  opened(tag: SaxesTagNS): void;
  closed(): void;
  /** A text, or a CDATA section. */
  text(text: string): void;
  /** Something XML allows nearly anywhere: a comment, a processing instruction. */
  aside(what: string): void;
}

type Saxes = SaxesParser<{ xmlns: true }>;

/** What is used of saxes. */
type SaxesInUse = Pick<Saxes, 'on' | 'write' | 'close' | 'line' | 'columnIndex'>;

/**
 * Saxes with a place for each handler. It would make places itself, by computed names, and an object that gets more than a few properties so is
 * turned into a hash table by V8: everything the parser does with itself, at each character, would be a look-up in it.
 */
export class PreparedSaxes extends (SaxesParser as new (options: { xmlns: true }) => SaxesInUse) {
  readonly errorHandler = undefined;
  readonly doctypeHandler = undefined;
  readonly attributeHandler = undefined;
  readonly openTagHandler = undefined;
  readonly closeTagHandler = undefined;
  readonly textHandler = undefined;
  readonly cdataHandler = undefined;
  readonly commentHandler = undefined;
  readonly piHandler = undefined;

  constructor() {
    super({ xmlns: true });
  }
}

/**
 * The longest name of a namespace, in characters: far longer than any that is in use. The parser makes a string of it for each attribute with its prefix, and
 * looks that up among all of the element's. Beyond 16 KiB V8 knows strings by their lengths alone, and compares each with each.
 */
const MAX_NAMESPACE = 1024;

function limitNamespace(name: string): void {
  if (name.length > MAX_NAMESPACE)
    throw new MessageTooLarge(`The name of a namespace is longer than ${MAX_NAMESPACE} characters.`);
}

/** How many idle parsers are kept. */
const KEPT = 64;

/** Parsers that have read a whole message: to make one takes as long as to read most envelopes. */
const idle: MarkupParser[] = [];

/** An XML parser that knows namespaces and no document types. Reads one message after the other. */
export class MarkupParser {
  readonly #saxes = new PreparedSaxes();
  #listener: MarkupListener | undefined;

  private constructor() {
    this.#saxes.on('error', (error) => {
      throw new UnreadableMessage(error.message);
    });
    this.#saxes.on('doctype', () => {
      throw new UnreadableMessage('A document type declaration is not allowed in a message.');
    });
    this.#saxes.on('attribute', ({ name, prefix, value }) => {
      if (name === 'xmlns' || prefix === 'xmlns') limitNamespace(value);
      this.#listener?.attribute();
    });
    this.#saxes.on('opentag', (tag) => this.#listener?.opened(tag));
    this.#saxes.on('closetag', () => this.#listener?.closed());
    this.#saxes.on('text', (text) => this.#listener?.text(text));
    this.#saxes.on('cdata', (text) => this.#listener?.text(text));
    this.#saxes.on('comment', () => this.#listener?.aside('comment'));
    this.#saxes.on('processinginstruction', () => this.#listener?.aside('processing instruction'));
  }

  /** A parser for one message. One whose message is given up is not used again. */
  static take(listener: MarkupListener): MarkupParser {
    const parser = idle.pop() ?? new MarkupParser();
    parser.#listener = listener;
    return parser;
  }

  /** Of the character that comes next, from 1. */
  get line(): number {
    return this.#saxes.line;
  }

  /** Of the character that comes next, from 0, in characters. */
  get columnIndex(): number {
    return this.#saxes.columnIndex;
  }

  /** @throws UnreadableMessage, and what the listener throws */
  write(text: string): void {
    this.#saxes.write(text);
  }

  /** The message has ended; the parser must not be touched again. @throws UnreadableMessage when something is missing. */
  close(): void {
    this.#saxes.close();
    this.#listener = undefined;
    if (idle.length < KEPT) idle.push(this);
  }
}
