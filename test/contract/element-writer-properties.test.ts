import fc from 'fast-check';
import { CONTENT_MARK, writeDocument, writeLiteral } from '../../src/contract/element-writer.js';
import type { Element } from '../../src/contract/result.js';
import { readXml, type XmlElement } from '../support/xml-element.js';

/* What is written is read back equal, by a parser that takes only what is well-formed. */

const anyName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/).filter((name) => !/^xml/i.test(name));

/** Text with all that must be escaped, and much that cannot be written at all. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '<',
      '>',
      '&',
      '"',
      "'",
      ']',
      '\t',
      '\n',
      '\r',
      '\u0000',
      '\u0085',
      '\ud800',
      '\udc00',
      '\uffff',
      '😀',
      'a',
    ),
  }),
  fc.constantFrom(']]>', '<!--', '&amp;', CONTENT_MARK, '<?x?>', '\r\n'),
);

const { element: anyElement } = fc.letrec<{ element: Element }>((tie) => ({
  element: fc.record({
    name: anyName,
    attributes: fc.dictionary(anyName, anyText, { maxKeys: 4, noNullPrototype: true }),
    children: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.tuple(anyText),
      fc.constant([]),
      fc.array(tie('element'), { maxLength: 4 }),
    ),
  }),
}));

/** What arrives of text: what XML 1.0 cannot hold is U+FFFD. */
const arriving = (text: string): string =>
  Buffer.from(text)
    .toString()
    .replace(/[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');

/** As {@link readXml} shows an element. */
function asRead({ attributes, children = [], name }: Element): XmlElement {
  return {
    name,
    namespace: '',
    attributes: Object.entries(attributes).map(([key, value]) => [key, arriving(value)] as const),
    children: children
      .filter((child) => child !== '')
      .map((child) => (typeof child === 'string' ? arriving(child) : asRead(child as Element))),
  };
}

test('An element in an envelope is read back equal', () => {
  fc.assert(
    fc.property(anyElement, (element) => {
      const envelope = `<o xmlns="urn:o">${writeLiteral(element)}</o>`;
      const [read] = readXml(envelope).children;
      /* In no namespace: all but the root inherit that. */
      expect(read).toEqual(asRead(element));
    }),
    { numRuns: 500 },
  );
});

test('An element as a document is read back equal', () => {
  fc.assert(
    fc.property(anyElement, (element) => {
      expect(readXml(writeDocument(element))).toEqual(asRead(element));
    }),
    { numRuns: 500 },
  );
});

test('No text can put a mark where content would be written', () => {
  fc.assert(
    fc.property(anyElement, (element) => {
      expect(writeDocument(element) + writeLiteral(element)).not.toContain(CONTENT_MARK);
    }),
  );
});
