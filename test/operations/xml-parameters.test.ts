import fc from 'fast-check';
import type { VersionProperties } from '../../src/library/version-properties.js';
import { parseXmlParameters } from '../../src/operations/xml-parameters.js';
import { Failure } from '../../src/values/failure.js';

const item = (name: string, value: string): string => `<item NAME="${name}" VALUE="${value}"/>`;
const document = (...items: string[]): string => `<xmlparameters>${items.join('')}</xmlparameters>`;

/** The properties that were given. */
const given = (text: string): VersionProperties =>
  Object.fromEntries(Object.entries(parseXmlParameters(text)).filter(([, value]) => value !== undefined));

test.each<[string, VersionProperties]>([
  ['', {}],
  ['  \r\n', {}],
  ['<xmlparameters/>', {}],
  [document(), {}],
  ['<?xml version="1.0" encoding="utf-8"?>\n<!-- note --><xmlparameters></xmlparameters>\n', {}],
  [document(item('DESCRIPTION', 'a')), { description: 'a' }],
  [document(item('KEYWORDS', 'a, b')), { keywords: 'a, b' }],
  [document(item('VERSIONCOMMENT', 'c')), { comment: 'c' }],
  [document(item('TEXTONLYCONTENT', 'd')), { textOnlyContent: 'd' }],
  [document(item('DESCRIPTION', '')), { description: '' }],
  [document(item('CHECKOUT', 'true')), { checkout: true }],
  [document(item('CHECKOUT', 'FALSE')), { checkout: false }],
  [document(item('CHECKOUT', '1')), { checkout: true }],
  [document(item('CHECKOUT', ' 0 ')), { checkout: false }],
  [document(item('CHECKOUT', '')), {}],
  [document(item('PUBLISHOPTION', 'ServerDefault')), { publish: true }],
  [document(item('PUBLISHOPTION', 'publish')), { publish: true }],
  [document(item('PUBLISHOPTION', 'DontPublish')), { publish: false }],
  [document(item('SENDEMAILS', 'true')), {}],
  [document(item('CREATIONDATE', '2024-06-15')), { createdAt: Date.UTC(2024, 5, 15) }],
  [document(item('MODIFICATIONDATE', '2024-06-15T09:30:00Z')), { modifiedAt: Date.UTC(2024, 5, 15, 9, 30) }],
  [document(item('MPVERSIONMAJOR', '2')), { number: 2_000_000 as never }],
  [
    document(item('MPVERSIONMAJOR', '2'), item('MPVERSIONMINOR', '3'), item('MPVERSIONREVISION', '4')),
    { number: 2_003_004 as never },
  ],
  [document(item('UNKNOWN', 'whatever')), {}],
  [document(item('description', 'a'), item('KeyWords', 'b')), { description: 'a', keywords: 'b' }],
  [document(item('DESCRIPTION', 'a'), item('Description', 'b')), { description: 'b' }],
  ['<XmlParameters><ITEM name="DESCRIPTION" value="a"/></XmlParameters>', { description: 'a' }],
  ["<xmlparameters><item VALUE='a' NAME='DESCRIPTION'/></xmlparameters>", { description: 'a' }],
  ['<xmlparameters><item\n NAME =\t"DESCRIPTION"\r\nVALUE\n=\n"a"\n/></xmlparameters>', { description: 'a' }],
  ['<xmlparameters><item NAME="DESCRIPTION">a text</item></xmlparameters>', { description: 'a text' }],
  ['<xmlparameters><item NAME="DESCRIPTION"></item></xmlparameters>', { description: '' }],
  ['<xmlparameters><item NAME="DESCRIPTION"/></xmlparameters>', { description: '' }],
  ['<xmlparameters><item NAME="DESCRIPTION" VALUE="a">b</item></xmlparameters>', { description: 'a' }],
  ['<xmlparameters><item NAME="DESCRIPTION" VALUE="">b</item></xmlparameters>', { description: '' }],
  [
    '<xmlparameters><item NAME="DESCRIPTION">a <![CDATA[<b> &amp; <!DOCTYPE c>]]> d</item></xmlparameters>',
    { description: 'a <b> &amp; <!DOCTYPE c> d' },
  ],
  [
    document(item('DESCRIPTION', '&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#x1F6A2;&amp;lt;')),
    { description: '<>&"\'AB🚢&lt;' },
  ],
  ['<xmlparameters><item NAME="DESCRIPTION"> a &#10; b </item></xmlparameters>', { description: ' a \n b ' }],
  ['<p:xmlparameters xmlns:p="urn:x"><p:item NAME="DESCRIPTION" VALUE="a"/></p:xmlparameters>', { description: 'a' }],
  ['<xmlparameters><other NAME="DESCRIPTION" VALUE="a"/><item/></xmlparameters>', {}],
  ['\uFEFF<xmlparameters/>', {}],
])('%j is read', (text, expected) => {
  expect(given(text)).toEqual(expected);
});

test.each([
  ['CHECKOUT', 'maybe', 'CHECKOUT must be true or false.'],
  ['checkout', 'yes', 'CHECKOUT must be true or false.'],
  ['SENDEMAILS', '2', 'SENDEMAILS must be true or false.'],
  ['PUBLISHOPTION', 'Later', 'PUBLISHOPTION must be ServerDefault, Publish or DontPublish.'],
  ['CREATIONDATE', 'x', 'CREATIONDATE must be a date as 2024-06-15 or a time as 2024-06-15T09:30:00Z.'],
  [
    'MODIFICATIONDATE',
    '2024-02-30',
    'MODIFICATIONDATE must be a date as 2024-06-15 or a time as 2024-06-15T09:30:00Z.',
  ],
  ['MPVERSIONMAJOR', '0', 'MPVERSIONMAJOR must be a whole number from 1 to 2400.'],
  ['MPVERSIONMAJOR', '2401', 'MPVERSIONMAJOR must be a whole number from 1 to 2400.'],
  ['MPVERSIONMAJOR', '1.5', 'MPVERSIONMAJOR must be a whole number from 1 to 2400.'],
  ['MPVERSIONMINOR', '1000', 'MPVERSIONMINOR must be a whole number from 0 to 999.'],
  ['MPVERSIONREVISION', '-1', 'MPVERSIONREVISION must be a whole number from 0 to 999.'],
  ['MPVERSIONMINOR', '1', 'MPVERSIONMAJOR must be given with MPVERSIONMINOR and MPVERSIONREVISION.'],
])('A bad value is refused by its key: %s = %j', (name, value, text) => {
  expect(() => parseXmlParameters(document(item(name, value)))).toThrow(new Failure(text));
});

test.each([
  'text',
  '<xmlparameters>',
  '<xmlparameters><item></xmlparameters>',
  '<xmlparameters/><xmlparameters/>',
  '<other/>',
  '<xmlparameters><item NAME="a" NAME="b"/></xmlparameters>',
  '<xmlparameters><item NAME="DESCRIPTION" VALUE="a & b"/></xmlparameters>',
  '<xmlparameters><item NAME="DESCRIPTION" VALUE="&nbsp;"/></xmlparameters>',
  '<xmlparameters><item NAME="DESCRIPTION">&unknown;</item></xmlparameters>',
  '<xmlparameters><item NAME="DESCRIPTION">&#x110000;</item></xmlparameters>',
  '<!DOCTYPE xmlparameters><xmlparameters/>',
  '<!DOCTYPE xmlparameters [<!ENTITY a "b">]><xmlparameters><item NAME="DESCRIPTION">&a;</item></xmlparameters>',
  '<!DOCTYPE xmlparameters SYSTEM "file:///etc/passwd"><xmlparameters/>',
  `<xmlparameters>${'<a>'.repeat(50)}${'</a>'.repeat(50)}</xmlparameters>`,
  '<xmlparameters __proto__="a"/>',
  '<xmlparameters><constructor/></xmlparameters>',
])('%j cannot be read, and says so', (text) => {
  expect(() => parseXmlParameters(text)).toThrow(Failure);
  expect(() => parseXmlParameters(text)).toThrow(/^The xmlParameters cannot be read: .*\.$/s);
});

test('A text may be as long as a message, however it is written', () => {
  const text = `it's "<b a='b'>" & more > `.repeat(30_000);
  const escaped = text.replace(/[&<"]/g, (character) => `&#${character.charCodeAt(0)};`);
  for (const written of [
    document(item('TEXTONLYCONTENT', escaped)),
    document(`<item\n\tVALUE = "${escaped}"\n\tNAME\n=\n'TEXTONLYCONTENT' />`),
    `<xmlparameters><item NAME="TEXTONLYCONTENT">${escaped}</item></xmlparameters>`,
    `<xmlparameters><item NAME="TEXTONLYCONTENT"><![CDATA[${text}]]></item></xmlparameters>`,
  ]) {
    expect(given(written)).toEqual({ textOnlyContent: text });
  }
  expect(given(document(...Array<string>(500).fill(item('DESCRIPTION', 'a'))))).toEqual({ description: 'a' });
});

const MANY = 20_000;
const HIDDEN = '<b/>'.repeat(MANY);
const WORDS = 'a '.repeat(MANY);

test.each([
  ['elements', document(HIDDEN)],
  ['attributes', document(`<item ${Array.from({ length: MANY }, (_, n) => `a${n}="" `).join('')}/>`)],
  ['attributes without values', document(`<item ${'a '.repeat(MANY)}/>`)],
  ['CDATA sections', document(`<item NAME="DESCRIPTION">${'<![CDATA[]]>'.repeat(MANY)}</item>`)],
  ['processing instructions', document('<?a?>'.repeat(MANY))],
  ['comments', document('<!---->'.repeat(MANY))],
  ['documents', '<a/>'.repeat(MANY)],
  ['elements between two quotes in comments', document(`<!--'-->${HIDDEN}<!--'-->`)],
  ['elements between two quotes in processing instructions', document(`<?a '?>${HIDDEN}<?a '?>`)],
  [
    'elements in what is a CDATA section but behind a quote in a processing instruction',
    `<xmlparameters><?a "?><![CDATA[" ?>${HIDDEN}]]></xmlparameters>`,
  ],
  [
    'elements behind a quote in quotes in a processing instruction',
    `<xmlparameters><?a '"' "?><![CDATA[" ?>${HIDDEN}]]></xmlparameters>`,
  ],
  [
    'elements in what is a CDATA section but behind a processing instruction without a name',
    `<xmlparameters><?> <!-- ?> <![CDATA[ -->${HIDDEN}<!-- ]]> --></xmlparameters>`,
  ],
  ['elements between two quotes in declarations', `<!DOCTYPE a '>${document(HIDDEN)}<!DOCTYPE b '>`],
  ['elements in a value behind what only begins a comment', document(`<!--><item a="-->${HIDDEN}"/>`)],
  ['elements in a value behind a declaration with brackets', `<!DOCTYPE a <b><c c=">>${HIDDEN}"/>`],
  ['words in quotes', document(`<item "${WORDS}"/>`)],
  ['words in quotes behind no name', document(`<item ="${WORDS}"/>`)],
  ['words in quotes behind the name of the element', document(`<item\n="${WORDS}"/>`)],
  ['words in quotes behind two equals signs', document(`<item a=="${WORDS}"/>`)],
  ['words in quotes behind what XML does not take for white space', document(`<item a=\u00a0"${WORDS}"/>`)],
  ['words in quotes behind others that are no value', document(`<item "p "q="${WORDS}"/>`)],
  ['white space in a tag', document(`<item ${' '.repeat(MANY)}/>`)],
])('%s that are too many are not parsed', (_what, text) => {
  expect(() => parseXmlParameters(text)).toThrow(
    new Failure('The xmlParameters cannot be read: there are more than 16384 characters of markup.'),
  );
});

test('A refusal quotes little, and nothing that cannot be written into an answer', () => {
  for (const text of ['<'.repeat(100_000), '<a>'.repeat(1000), '<xmlparameters \u0001/>', '<x>&\u0001;</x>']) {
    expect(() => parseXmlParameters(text)).toThrow(/^[ -~…]{1,150}$/);
  }
});

test('Whatever the text, it is read or refused', () => {
  const token = fc.constantFrom(
    '<',
    '>',
    '/',
    'xmlparameters',
    'item',
    ' NAME="',
    '"',
    '&',
    ';',
    '#',
    '<![CDATA[',
    ']]>',
    'a',
    '<!',
    '<!--',
    '-->',
    '<?',
    '?>',
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
      for (const text of [tokens.join(''), document(tokens.join(''))]) {
        try {
          parseXmlParameters(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('Whatever the description, it comes through', () => {
  const escape = (text: string): string => text.replace(/[&<"\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
  const character = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    fc.constantFrom('&', '<', '"', '\n'),
  );
  fc.assert(
    fc.property(fc.array(character), (characters) => {
      const text = characters.join('');
      expect(parseXmlParameters(document(item('DESCRIPTION', escape(text)))).description).toBe(text);
    }),
  );
});
