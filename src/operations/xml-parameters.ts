import { type EntityDecoderOptions, XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import type { VersionProperties } from '../library/version-properties.js';
import { Failure } from '../values/failure.js';
import { MAX_MAJOR, MAX_MINOR, MAX_REVISION, packVersion, type VersionNumber } from '../values/version-number.js';
import { parseDate } from './date-format.js';

/** The elements are `xmlparameters` and `item`, and what is in an item is text: nothing is nested deeper than this. */
const MAX_DEPTH = 8;

/**
 * How much of it may be markup, in characters: all but texts and values. A dozen items take less than one thousand. Each tag and each attribute
 * takes the parser a hundred times as long as text of its length, and nobody else is served meanwhile.
 */
const MAX_MARKUP = 16 * 1024;

/** The most that is quoted of a text that cannot be read, in characters. */
const MAX_EXCERPT = 80;

/**
 * Reads xmlParameters: `<xmlparameters><item NAME="…" VALUE="…"/>…</xmlparameters>` (CONTRACT, Chunked upload). Names of elements,
 * attributes and keys count in any case; the element's text is the value when VALUE is absent; of two items with one key the last
 * counts; a key nobody knows is ignored; an empty value of anything but a text is as if the item were not there.
 *
 * @throws Failure for what is not XML, and for a bad value, naming its key.
 */
export function parseXmlParameters(text: string): VersionProperties {
  if (text.trim() === '') return {};
  return toProperties(new Map(items(text)));
}

/** Keys, upper case, and values, in the order they are written in. */
function items(text: string): [string, string][] {
  const roots = parse(text).filter((node) => elementName(node) !== undefined && !elementName(node)?.startsWith('?'));
  const [root] = roots;
  if (!root || roots.length > 1 || elementName(root) !== 'xmlparameters') throw malformed('xmlparameters is missing');
  return children(root)
    .filter((node) => elementName(node) === 'item')
    .map((item) => [(attribute(item, 'name') ?? '').trim().toUpperCase(), attribute(item, 'value') ?? innerText(item)]);
}

/* The form fast-xml-parser gives a document whose order is kept: one property is the element's name, with its children. */
const node = z.record(z.string(), z.unknown());
type Node = z.infer<typeof node>;
const nodes = z.array(node);
const attributes = z.record(z.string(), z.string());

const ATTRIBUTES = ':@';
const TEXT = '#text';

function parse(text: string): Node[] {
  if (isMostlyMarkup(text)) throw malformed(`there are more than ${MAX_MARKUP} characters of markup`);
  /* The parser alone takes much that is not well-formed. The validator is deprecated for being a package of its own by now. */
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const verdict = XMLValidator.validate(text);
  if (verdict !== true) throw malformed(excerpt(verdict.err.msg));
  try {
    return nodes.parse(parser.parse(text));
  } catch (error) {
    throw error instanceof Failure ? error : malformed('it cannot be parsed');
  }
}

/** What is no element begins like this, and ends like that. Of a CDATA section what is in it is no markup. */
const SECTIONS = [
  { start: '<![CDATA[', end: ']]>', isText: true },
  { start: '<!--', end: '-->', isText: false },
  { start: '<?', end: '?>', isText: false },
] as const;
type Section = (typeof SECTIONS)[number];

/** A document type, which there must not be. Where it ends is not told by its first `>`, so all that follows counts. */
const DECLARATION = '<!';

/** What stands between the value before, or the beginning of the tag, and the quote of the next value. White space is XML's. */
const BEFORE_VALUE = /[ \t\r\n][^ \t\r\n=]+[ \t\r\n]*=[ \t\r\n]*$/;

function isMostlyMarkup(text: string): boolean {
  let markup = 0;
  for (let at = text.indexOf('<'); at !== -1 && markup <= MAX_MARKUP;) {
    const section = SECTIONS.find(({ start }) => text.startsWith(start, at));
    if (!section && text.startsWith(DECLARATION, at)) return text.length - at + markup > MAX_MARKUP;
    const { end, values } = section ? readSection(text, at, section) : readTag(text, at);
    if (section?.start === '<?' && isDisputed(text.slice(at, end))) return text.length - at + markup > MAX_MARKUP;
    markup += section?.isText ? section.start.length + section.end.length : end - at - values;
    at = text.indexOf('<', end);
  }
  return markup > MAX_MARKUP;
}

/** Something from its start in a text to behind its end, and how much of that is values. */
interface Extent {
  readonly end: number;
  readonly values: number;
}

/** Its beginning is no part of its end: `<!-->` is not a comment, but begins one. */
function readSection(text: string, at: number, { end, start }: Section): Extent {
  const found = text.indexOf(end, at + start.length);
  return { end: found === -1 ? text.length : found + end.length, values: 0 };
}

/**
 * Whether validator and parser have a processing instruction end at different places: where a quote in it is open at its end the parser goes on behind the
 * next such quote, and where it has no name one of them or both may have it end at once. So all that follows counts.
 */
function isDisputed(instruction: string): boolean {
  return instruction.startsWith('<?>') || /["']/.test(instruction.replace(/"[^"]*"|'[^']*'/g, ''));
}

/**
 * Reads no further than it takes to see that it is too much. What is in quotes is a value only where one may stand; elsewhere the validator
 * cuts it into attributes at every space, and everything from there on counts as markup: it is no XML anyway.
 */
function readTag(text: string, start: number): Extent {
  const next = /["'>]/g;
  next.lastIndex = start;
  let values = 0;
  let from = start;
  for (let found = next.exec(text); found; found = next.exec(text)) {
    if (found[0] === '>' || found.index - start - values > MAX_MARKUP) return { end: next.lastIndex, values };
    if (!BEFORE_VALUE.test(text.slice(from, found.index))) break;
    const closing = text.indexOf(found[0], next.lastIndex);
    if (closing === -1) break;
    values += closing - next.lastIndex;
    from = closing + 1;
    next.lastIndex = from;
  }
  return { end: text.length, values };
}

/** Predefined entities and character references are decoded. Others would have to come from a DTD, and there must be none. */
const entities: EntityDecoderOptions = {
  decode: (text) => {
    /* Looked for beforehand: what replaces finds all there are before it hands on the first. */
    const [wrong] = NO_REFERENCE.exec(text) ?? [];
    if (wrong !== undefined) throw noEntity(wrong);
    return text.replace(REFERENCE, decodeReference);
  },
  addInputEntities: () => {
    throw malformed('a document type declaration is not allowed');
  },
  setExternalEntities: () => undefined,
  setXmlVersion: () => undefined,
  reset: () => undefined,
};

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  textNodeName: TEXT,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  removeNSPrefix: true,
  maxNestedTags: MAX_DEPTH,
  transformTagName: (name) => name.toLowerCase(),
  transformAttributeName: (name) => name.toLowerCase(),
  entityDecoder: entities,
});

const PREDEFINED = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);
const REFERENCE = /&(lt|gt|amp|quot|apos|#[xX][0-9a-fA-F]{1,6}|#\d{1,7});/g;
const NO_REFERENCE = /&(?!(?:lt|gt|amp|quot|apos|#[xX][0-9a-fA-F]{1,6}|#\d{1,7});)[^;&]*;?/;

function decodeReference(reference: string, name: string): string {
  const predefined = PREDEFINED.get(name);
  if (predefined !== undefined) return predefined;
  const digits = name.slice(1);
  const code = /^[xX]/.test(digits) ? Number.parseInt(digits.slice(1), 16) : Number(digits);
  if (code > 0x10ffff) throw noEntity(reference);
  return String.fromCodePoint(code);
}

const noEntity = (reference: string): Failure => malformed(excerpt(`there is no entity ${reference}`));

function elementName(item: Node): string | undefined {
  return Object.keys(item).find((key) => key !== ATTRIBUTES && key !== TEXT);
}

function children(item: Node): Node[] {
  return nodes.parse(item[elementName(item) ?? ''] ?? []);
}

function attribute(item: Node, name: string): string | undefined {
  return attributes.parse(item[ATTRIBUTES] ?? {})[name];
}

function innerText(item: Node): string {
  return children(item)
    .map((child) => child[TEXT])
    .filter((text) => typeof text === 'string')
    .join('');
}

const malformed = (why: string): Failure =>
  new Failure(`The xmlParameters cannot be read: ${why}.`, { summary: 'The xmlParameters cannot be read.' });

/** The beginning of a message that quotes from the text, in one line. */
function excerpt(message: string): string {
  const text = message.replace(/[^ -~]+/g, ' ').replace(/\.$/, '');
  return text.length > MAX_EXCERPT ? `${text.slice(0, MAX_EXCERPT)}…` : text;
}

function toProperties(values: ReadonlyMap<string, string>): VersionProperties {
  const read = <T>(key: string, convert: (text: string) => T | undefined, expected: string): T | undefined => {
    const text = values.get(key)?.trim() ?? '';
    if (text === '') return undefined;
    const value = convert(text);
    if (value === undefined) throw new Failure(`${key} must be ${expected}.`);
    return value;
  };
  const flag = (key: string): boolean | undefined => read(key, parseBoolean, 'true or false');
  const date = (key: string): number | undefined =>
    read(key, parseDate, 'a date as 2024-06-15 or a time as 2024-06-15T09:30:00Z');

  flag('SENDEMAILS'); // Checked as the others are; this server sends no mail.
  return {
    description: values.get('DESCRIPTION'),
    keywords: values.get('KEYWORDS'),
    comment: values.get('VERSIONCOMMENT'),
    checkout: flag('CHECKOUT'),
    publish: read('PUBLISHOPTION', parsePublishOption, 'ServerDefault, Publish or DontPublish'),
    textOnlyContent: values.get('TEXTONLYCONTENT'),
    createdAt: date('CREATIONDATE'),
    modifiedAt: date('MODIFICATIONDATE'),
    number: readVersion((key, least, most) =>
      read(key, (text) => parseWholeNumber(text, least, most), `a whole number from ${least} to ${most}`),
    ),
  };
}

/** MPVERSIONMAJOR, MPVERSIONMINOR and MPVERSIONREVISION as one number. The last two are 0 when they are not given. */
function readVersion(
  read: (key: string, least: number, most: number) => number | undefined,
): VersionNumber | undefined {
  const major = read('MPVERSIONMAJOR', 1, MAX_MAJOR);
  const minor = read('MPVERSIONMINOR', 0, MAX_MINOR);
  const revision = read('MPVERSIONREVISION', 0, MAX_REVISION);
  if (major !== undefined) return packVersion(major, minor ?? 0, revision ?? 0);
  if (minor === undefined && revision === undefined) return undefined;
  throw new Failure('MPVERSIONMAJOR must be given with MPVERSIONMINOR and MPVERSIONREVISION.');
}

function parseBoolean(text: string): boolean | undefined {
  if (/^(?:true|1)$/i.test(text)) return true;
  if (/^(?:false|0)$/i.test(text)) return false;
  return undefined;
}

/** Whether to publish; what the server does by default is to publish. */
function parsePublishOption(text: string): boolean | undefined {
  if (/^(?:ServerDefault|Publish)$/i.test(text)) return true;
  if (/^DontPublish$/i.test(text)) return false;
  return undefined;
}

function parseWholeNumber(text: string, least: number, most: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  return value >= least && value <= most ? value : undefined;
}
