import { StringDecoder } from 'node:string_decoder';
import type { SaxesTagNS } from 'saxes';
import { Base64Decoder } from '../payload/base64-decoder.js';
import {
  type ArgumentReceiver,
  MessageTooLarge,
  type MessageReader,
  UnreadableMessage,
} from '../payload/argument-receiver.js';
import type { TextAccount } from '../payload/text-budget.js';
import { type MarkupListener, MarkupParser } from './markup-parser.js';
import { SoapFault } from './soap-fault.js';
import { findSoapVersion, type SoapVersion, XSI_NAMESPACE } from './soap-version.js';

/** What the reader of an envelope reports to. */
export interface EnvelopeListener {
  /** The envelope's version is known. Throws what the message is refused for. */
  envelope(version: SoapVersion): void;
  /**
   * The first element of the body. Returns who takes its children as arguments, and undefined when they mean nothing: ASMX does not look at
   * the element when the action says another. Throws what the message is refused for.
   */
  body(namespace: string, name: string): ArgumentReceiver | undefined;
  /** Whether an argument has this name. The elements of others are passed over, whatever is in them. */
  isArgument(name: string): boolean;
  /** Where the element of an argument ended, as .NET's reader counts it: see {@link Position}. */
  ended(name: string, position: Position): void;
  /** A content argument holds an `xop:Include` with this address. Absent where the message is not MTOM. */
  include?(name: string, href: string): void;
}

/** A place in a message, for an error message: the node that follows, both numbers from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** No message that is worth reading nests deeper. The parser's cost grows with the square of the depth. */
const MAX_DEPTH = 100;

/** How much there may be in a message, far more than any has a use for: each element and attribute takes the parser much longer than its bytes do. */
const MAX_ELEMENTS = 2000;
const MAX_ATTRIBUTES = 2000;

/** How many `>` there may be: the parser is fed from one to the next. Elements have two, and texts may have some. */
const MAX_STEPS = 20_000;

/** How many elements of content there may be. The first counts, and each may have a mebibyte of white space beside what it decodes to. */
const MAX_CONTENTS = 10;

const XOP_NAMESPACE = 'http://www.w3.org/2004/08/xop/include';

/** Depths of the elements this reader knows. */
const ENVELOPE = 1;
const PART = 2;
const ENTRY = 3;
const ARGUMENT = 4;

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const SLASH = 0x2f;
const RIGHT_BRACKET = 0x5d;
const CDATA_START = Buffer.from('<![CDATA[');
const CDATA_END = Buffer.from(']]>');

/** What the bytes that come next are. */
type State = 'markup' | 'content' | 'contentMarkup' | 'contentCdata' | 'contentCdataEnd';

/** An argument whose element is open. */
interface OpenArgument {
  readonly name: string;
  readonly isContent: boolean;
  text: string;
  /** Whether there is anything but white space in what the decoder was given. Only told where the message is MTOM. */
  hasInlineContent: boolean;
  hasInclude: boolean;
}

/**
 * Reads an envelope as it arrives, as UTF-8 cut anywhere. All of it goes through an XML parser, except what matters by weight:
 * the text of a base64Binary argument goes from the wire to the decoder, and the parser never sees it. For that the parser is fed from
 * `>` to `>`, so that the reader knows that it stands behind such an argument's start tag before the content is touched.
 */
export class EnvelopeReader implements MessageReader, MarkupListener {
  readonly #listener: EnvelopeListener;
  readonly #maxTextBytes: number;
  readonly #account: TextAccount | undefined;
  readonly #namespace: string;
  readonly #parser = MarkupParser.take(this);
  readonly #text = new StringDecoder('utf8');
  #state: State = 'markup';
  #depth = 0;
  #elements = 0;
  #attributes = 0;
  #steps = 0;
  #contents = 0;
  #textBytes = 0;
  #receiver: ArgumentReceiver | undefined;
  #version: SoapVersion | undefined;
  #hasBody = false;
  #isInBody = false;
  #isInHeader = false;
  #hasBodyElement = false;
  #argument: OpenArgument | undefined;
  /** The argument whose content begins behind the tag that was just read. */
  #contentToOpen: string | undefined;
  #decoder: Base64Decoder | undefined;
  #markup = Buffer.alloc(0);
  /** An argument's element has ended, and the node behind it decides about the position. */
  #unplaced: { name: string; line: number; column: number } | undefined;
  /** Bytes of content the parser has not seen, on the line it stands in: for positions. */
  #contentBytes = 0;

  /**
   * @param namespace - The contract's: of the arguments' elements. Those in no namespace are taken as well (CONTRACT).
   * @param maxTextBytes - The longest message, without content.
   * @param account - Told of what comes of it.
   */
  constructor(listener: EnvelopeListener, namespace: string, maxTextBytes: number, account?: TextAccount) {
    this.#listener = listener;
    this.#namespace = namespace;
    this.#maxTextBytes = maxTextBytes;
    this.#account = account;
  }

  write(bytes: Buffer): void | Promise<void> {
    return this.#read(bytes, 0);
  }

  end(): void | Promise<void> {
    if (this.#state !== 'markup') throw new UnreadableMessage('The message ends in the middle of its content.');
    this.#parser.write(this.#text.end());
    this.#parser.close();
    if (!this.#hasBody) {
      throw SoapFault.unreadable('Request format is invalid: Missing required soap:Body element.');
    }
  }

  /** Reads from `start` on. A step that has to wait is followed by the rest. */
  #read(bytes: Buffer, start: number): void | Promise<void> {
    let position = start;
    while (position < bytes.length) {
      const step = this.#step(bytes, position);
      position = step.position;
      if (step.wait) return step.wait.then(() => this.#read(bytes, position));
    }
  }

  #step(bytes: Buffer, start: number): Step {
    switch (this.#state) {
      case 'markup':
        return this.#readMarkup(bytes, start);
      case 'content':
        return this.#readContent(bytes, start);
      case 'contentMarkup':
        return this.#readContentMarkup(bytes, start);
      case 'contentCdata':
        return this.#readCdata(bytes, start);
      case 'contentCdataEnd':
        return this.#readCdataEnd(bytes, start);
    }
  }

  #readMarkup(bytes: Buffer, start: number): Step {
    const found = bytes.indexOf(GREATER_THAN, start);
    const end = found === -1 ? bytes.length : found + 1;
    if (found !== -1) this.#steps++;
    if (this.#steps > MAX_STEPS) throw new MessageTooLarge(`There are more than ${MAX_STEPS} '>' in the message.`);
    this.#countText(end - start);
    this.#parser.write(this.#text.write(bytes.subarray(start, end)));
    const name = this.#contentToOpen;
    if (name === undefined) return { position: end };
    this.#contentToOpen = undefined;
    return { position: end, wait: this.#openContent(name) };
  }

  #countText(length: number): void {
    this.#textBytes += length;
    this.#account?.take(length);
    if (this.#textBytes > this.#maxTextBytes) {
      throw new MessageTooLarge(`The message is longer than ${this.#maxTextBytes} bytes without its content.`);
    }
  }

  async #openContent(name: string): Promise<void> {
    if (!this.#receiver) return;
    this.#contents++;
    if (this.#contents > MAX_CONTENTS) {
      throw new MessageTooLarge(`There are more than ${MAX_CONTENTS} elements with content in the message.`);
    }
    this.#decoder = new Base64Decoder(await this.#receiver.content(name), { references: true });
    this.#state = 'content';
  }

  #readContent(bytes: Buffer, start: number): Step {
    const found = bytes.indexOf(LESS_THAN, start);
    const end = found === -1 ? bytes.length : found;
    if (found !== -1) {
      this.#state = 'contentMarkup';
      this.#markup = Buffer.alloc(0);
    }
    return this.#decode(bytes, start, end, end);
  }

  #decode(bytes: Buffer, start: number, end: number, next: number): Step {
    this.#contentBytes += end - start;
    if (this.#listener.include && this.#argument)
      this.#argument.hasInlineContent ||= isMoreThanWhiteSpace(bytes.toString('latin1', start, end));
    const wait = end > start ? this.#decoder?.write(bytes, start, end) : undefined;
    return wait ? { position: next, wait } : { position: next };
  }

  /** Behind a `<` in content: its end, a CDATA section, an element (MTOM), or something that does not belong there. */
  #readContentMarkup(bytes: Buffer, start: number): Step {
    const missing = CDATA_START.length - this.#markup.length;
    const seen = Buffer.concat([this.#markup, bytes.subarray(start, start + missing)]);
    if (seen.length < 2) {
      this.#markup = seen;
      return { position: bytes.length };
    }
    if (seen[1] === SLASH) return this.#leaveContent(start);
    if (!CDATA_START.subarray(0, seen.length).equals(seen)) {
      if (this.#listener.include && seen[1] !== CDATA_START[1]) return this.#leaveContent(start);
      throw new UnreadableMessage('There is markup inside of base64 content.');
    }
    const position = start + seen.length - this.#markup.length;
    this.#markup = seen;
    if (seen.length === CDATA_START.length) {
      this.#countText(CDATA_START.length + CDATA_END.length);
      this.#decoder?.openCdata();
      this.#state = 'contentCdata';
    }
    return { position };
  }

  /** Goes back to markup with the `<` that content ended at; what was held back of it comes first. */
  #leaveContent(start: number): Step {
    this.#state = 'markup';
    this.#textBytes += this.#markup.length;
    this.#parser.write(this.#markup.toString('latin1'));
    const wait = this.#decoder?.end();
    this.#decoder = undefined;
    return wait ? { position: start, wait } : { position: start };
  }

  #readCdata(bytes: Buffer, start: number): Step {
    const found = bytes.indexOf(RIGHT_BRACKET, start);
    const end = found === -1 ? bytes.length : found;
    if (found !== -1) {
      this.#state = 'contentCdataEnd';
      this.#markup = Buffer.alloc(0);
    }
    return this.#decode(bytes, start, end, end);
  }

  #readCdataEnd(bytes: Buffer, start: number): Step {
    const missing = CDATA_END.length - this.#markup.length;
    this.#markup = Buffer.concat([this.#markup, bytes.subarray(start, start + missing)]);
    if (!CDATA_END.subarray(0, this.#markup.length).equals(this.#markup)) {
      throw new UnreadableMessage('There is a bracket inside of base64 content.');
    }
    if (this.#markup.length === CDATA_END.length) {
      this.#decoder?.closeCdata();
      this.#state = 'content';
    }
    return { position: start + missing > bytes.length ? bytes.length : start + missing };
  }

  opened(tag: SaxesTagNS): void {
    this.#place(1);
    this.#depth++;
    this.#elements++;
    if (this.#elements > MAX_ELEMENTS) throw new MessageTooLarge(`The message has more than ${MAX_ELEMENTS} elements.`);
    if (this.#depth > MAX_DEPTH)
      throw new UnreadableMessage(`The message is nested deeper than ${MAX_DEPTH} elements.`);
    if (this.#depth === ENVELOPE) this.#openEnvelope(tag);
    else if (this.#depth === PART) this.#openPart(tag);
    else if (this.#depth === ENTRY && this.#isInBody) this.#openBodyElement(tag);
    else if (this.#depth === ENTRY) this.#checkHeader(tag);
    else if (this.#depth === ARGUMENT) this.#openArgument(tag);
    else this.#openInArgument(tag);
  }

  attribute(): void {
    this.#attributes++;
    if (this.#attributes > MAX_ATTRIBUTES)
      throw new MessageTooLarge(`The message has more than ${MAX_ATTRIBUTES} attributes.`);
  }

  #openEnvelope(tag: SaxesTagNS): void {
    const version = tag.local === 'Envelope' ? findSoapVersion(tag.uri) : undefined;
    if (!version) throw SoapFault.versionMismatch(tag.uri);
    this.#version = version;
    this.#listener.envelope(version);
  }

  #openPart(tag: SaxesTagNS): void {
    const isOurs = tag.uri === this.#version?.namespace;
    this.#isInBody = isOurs && tag.local === 'Body';
    this.#isInHeader = isOurs && tag.local === 'Header';
    this.#hasBody ||= this.#isInBody;
  }

  /** No header is understood here, so one that must be is refused, whoever it is for (WIRE.md, mustUnderstand). */
  #checkHeader(tag: SaxesTagNS): void {
    if (!this.#isInHeader) return;
    const mustUnderstand = Object.values(tag.attributes).some(
      (attribute) =>
        attribute.uri === this.#version?.namespace &&
        attribute.local === 'mustUnderstand' &&
        /^\s*(?:1|true)\s*$/.test(attribute.value),
    );
    if (mustUnderstand) throw new SoapFault('MustUnderstand', `SOAP header ${tag.local} was not understood.`);
  }

  #openBodyElement(tag: SaxesTagNS): void {
    this.#receiver = undefined;
    if (this.#hasBodyElement) return;
    this.#hasBodyElement = true;
    this.#receiver = this.#listener.body(tag.uri, tag.local);
  }

  #openArgument(tag: SaxesTagNS): void {
    if (!this.#receiver || (tag.uri !== this.#namespace && tag.uri !== '')) return;
    if (!this.#listener.isArgument(tag.local)) return;
    const isContent = this.#receiver.isContent(tag.local);
    this.#argument = { name: tag.local, isContent, text: '', hasInlineContent: false, hasInclude: false };
    if (!isContent || tag.isSelfClosing || isNil(tag)) return;
    this.#contentToOpen = tag.local;
  }

  #openInArgument(tag: SaxesTagNS): void {
    const argument = this.#argument;
    if (!argument) return;
    const href = tag.attributes['href']?.value;
    if (
      argument.isContent &&
      this.#depth === ARGUMENT + 1 &&
      tag.uri === XOP_NAMESPACE &&
      tag.local === 'Include' &&
      href !== undefined &&
      this.#listener.include
    ) {
      if (argument.hasInclude || argument.hasInlineContent) throw includeNotAlone(argument);
      argument.hasInclude = true;
      this.#listener.include(argument.name, href);
      return;
    }
    throw new UnreadableMessage(`The element ${argument.name} must hold text only, not an element ${tag.name}.`);
  }

  closed(): void {
    this.#place(2);
    if (this.#depth === ARGUMENT && this.#argument) this.#closeArgument(this.#argument);
    if (this.#depth === ENTRY) this.#receiver = undefined;
    if (this.#depth === PART) {
      this.#isInBody = false;
      this.#isInHeader = false;
    }
    this.#depth--;
  }

  #closeArgument(argument: OpenArgument): void {
    this.#argument = undefined;
    if (argument.hasInclude && isMoreThanWhiteSpace(argument.text)) throw includeNotAlone(argument);
    if (!argument.isContent) this.#receiver?.text(argument.name, argument.text);
    this.#unplaced = {
      name: argument.name,
      line: this.#parser.line,
      column: this.#parser.columnIndex + 1 + this.#contentBytes,
    };
  }

  /**
   * Tells where an argument ended, once it is known what follows: .NET stands behind `<` of a start tag, behind `</` of an
   * end tag, and on the first character of a text.
   */
  #place(offset: number): void {
    const unplaced = this.#unplaced;
    if (!unplaced) return;
    this.#unplaced = undefined;
    this.#listener.ended(unplaced.name, { line: unplaced.line, column: unplaced.column + offset });
  }

  text(text: string): void {
    this.#place(0);
    if (this.#argument && this.#depth === ARGUMENT) this.#argument.text += text;
  }

  /** XML would allow them in both places; ASMX does not (WIRE.md, 400 with an empty body). */
  aside(what: string): void {
    if (this.#argument) throw new UnreadableMessage(`There is a ${what} inside of the element ${this.#argument.name}.`);
    if (this.#version && this.#depth === 0) throw new UnreadableMessage(`There is a ${what} behind the envelope.`);
  }
}

interface Step {
  /** Where to go on. */
  readonly position: number;
  /** What to wait for before going on. */
  readonly wait?: Promise<void>;
}

/** White space is XML's. */
function isMoreThanWhiteSpace(text: string): boolean {
  return /[^ \t\r\n]/.test(text);
}

/** An Include stands for all of the content (XOP 1.0, 3.2): beside more of it, one of the two would be lost. */
function includeNotAlone({ name }: OpenArgument): UnreadableMessage {
  return new UnreadableMessage(`The element ${name} must hold an xop:Include alone, or none.`);
}

function isNil(tag: SaxesTagNS): boolean {
  return Object.values(tag.attributes).some(
    (attribute) =>
      attribute.uri === XSI_NAMESPACE && attribute.local === 'nil' && /^\s*(?:1|true)\s*$/.test(attribute.value),
  );
}
