import { type EntityDecoderOptions, XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import type { VersionProperties } from '../library/version-properties.js';
import { Failure } from '../values/failure.js';
import { MAX_MAJOR, MAX_MINOR, MAX_REVISION, packVersion, type VersionNumber } from '../values/version-number.js';
import { parseDate } from './date-format.js';

/** The elements are `xmlparameters` and `item`, and what is in an item is text: nothing is nested deeper than this. */
const MAX_DEPTH = 8;

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

/** Predefined entities and character references are decoded. Others would have to come from a DTD, and there must be none. */
const entities: EntityDecoderOptions = {
  decode: (text) => text.replace(/&([^;&]*;?)/g, decodeReference),
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
  ['lt;', '<'],
  ['gt;', '>'],
  ['amp;', '&'],
  ['quot;', '"'],
  ['apos;', "'"],
]);

function decodeReference(reference: string, name: string): string {
  const predefined = PREDEFINED.get(name);
  if (predefined !== undefined) return predefined;
  const [, hexadecimal, decimal] = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}));$/i.exec(name) ?? [];
  const code = hexadecimal === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hexadecimal, 16);
  if (Number.isNaN(code) || code > 0x10ffff) throw malformed(excerpt(`there is no entity ${reference}`));
  return String.fromCodePoint(code);
}

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
