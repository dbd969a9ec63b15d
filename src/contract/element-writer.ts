import { type ContentSource, type Element, isContentSource } from './result.js';

/**
 * Stands in written text where content goes: the binding writes the content, as base64, in its place. It is no character of
 * XML 1.0 and never left in anything else that is written here.
 */
export const CONTENT_MARK = '\uffff';

const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>';

/** An element as the whole document of a GET or POST answer: declared, indented by two spaces, no newline at its end. */
export function writeDocument(element: Element): string {
  return `${DECLARATION}\n${writeIndented(element, '\n')}`;
}

/** An element as it stands in an envelope: on one line, and put in no namespace by `xmlns=""`, last as .NET has it. */
export function writeLiteral(element: Element): string {
  return writeFlat(element, ' xmlns=""');
}

/** An element as it stands within another that is on one line. */
export function writeFragment(element: Element): string {
  return writeFlat(element, '');
}

/** The content in an element, wherever in it: there is at most one. The mark stands where it goes. */
export function findContent(element: Element): ContentSource | undefined {
  for (const child of element.children ?? []) {
    if (typeof child === 'string') continue;
    const content = isContentSource(child) ? child : findContent(child);
    if (content !== undefined) return content;
  }
  return undefined;
}

function writeFlat(element: Element, lastAttribute: string): string {
  let inside = '';
  for (const child of element.children ?? []) inside += isElement(child) ? writeFlat(child, '') : writeLeaf(child);
  return enclose(element, lastAttribute, inside);
}

/** @param newline - A line feed and the white space before this element. */
function writeIndented(element: Element, newline: string): string {
  let inside = '';
  let hasElements = false;
  const nextNewline = `${newline}  `;
  for (const child of element.children ?? []) {
    if (isElement(child)) {
      hasElements = true;
      inside += nextNewline + writeIndented(child, nextNewline);
    } else {
      inside += writeLeaf(child);
    }
  }
  return enclose(element, '', hasElements ? inside + newline : inside);
}

function enclose(element: Element, lastAttribute: string, inside: string): string {
  let tag = `<${element.name}`;
  const { attributes } = element;
  for (const name in attributes) tag += ` ${name}="${escapeAttribute(attributes[name] ?? '')}"`;
  tag += lastAttribute;
  return inside === '' ? `${tag} />` : `${tag}>${inside}</${element.name}>`;
}

function isElement(child: Element | string | ContentSource): child is Element {
  return typeof child !== 'string' && !isContentSource(child);
}

function writeLeaf(child: string | ContentSource): string {
  return typeof child === 'string' ? escapeText(child) : CONTENT_MARK;
}

/* Everything but the characters of XML 1.0 that stand for themselves. A surrogate without its other half is no character. */
const NOT_PLAIN_IN_TEXT = /[^\t\n -%'-;=?-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const NOT_PLAIN_IN_ATTRIBUTE = /[^ !#-%'-;=?-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const ALL_NOT_PLAIN_IN_TEXT = new RegExp(NOT_PLAIN_IN_TEXT, 'gu');
const ALL_NOT_PLAIN_IN_ATTRIBUTE = new RegExp(NOT_PLAIN_IN_ATTRIBUTE, 'gu');

const REFERENCES: ReadonlyMap<string, string> = new Map([
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['&', '&amp;'],
  ['"', '&quot;'],
  ['\t', '&#x9;'],
  ['\n', '&#xA;'],
  ['\r', '&#xD;'],
]);

/** What cannot be written in XML 1.0 at all becomes U+FFFD. */
function reference(character: string): string {
  return REFERENCES.get(character) ?? '\ufffd';
}

/** Text as it stands between tags: the quote is left as it is, and so are tab and line feed (WIRE: characters to escape). */
export function escapeText(text: string): string {
  return NOT_PLAIN_IN_TEXT.test(text) ? text.replace(ALL_NOT_PLAIN_IN_TEXT, reference) : text;
}

/** Text as it stands between double quotes: white space but the space is written so that no parser makes a space of it. */
export function escapeAttribute(text: string): string {
  return NOT_PLAIN_IN_ATTRIBUTE.test(text) ? text.replace(ALL_NOT_PLAIN_IN_ATTRIBUTE, reference) : text;
}
