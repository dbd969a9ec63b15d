import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { MessageTooLarge, UnreadableMessage } from '../../../src/bindings/payload/argument-receiver.js';
import { EnvelopeReader } from '../../../src/bindings/soap/envelope-reader.js';
import { SoapFault } from '../../../src/bindings/soap/soap-fault.js';
import { anyCuts, anyManner, cutAt, feed, type Manner } from '../payload/receivers.js';
import { HeardEnvelope, HeardMtom, MAX_TEXT_BYTES, NAMESPACE } from './heard-envelope.js';

const ENVELOPE = 'http://schemas.xmlsoap.org/soap/envelope/';

const envelope = (body: string): string => `<s:Envelope xmlns:s="${ENVELOPE}"><s:Body>${body}</s:Body></s:Envelope>`;
const message = (args: string): string => envelope(`<Op xmlns="${NAMESPACE}">${args}</Op>`);

/** What a message says, and what is wrong with it. */
async function hear(pieces: readonly Buffer[], manner: Manner = 'at once', heard = new HeardEnvelope(manner)) {
  try {
    await feed(new EnvelopeReader(heard, NAMESPACE, MAX_TEXT_BYTES), pieces);
    return { said: heard.said, error: undefined };
  } catch (error) {
    if (!(error instanceof UnreadableMessage) && !(error instanceof SoapFault)) throw error;
    /* The parser tells the end of what it was given, not of the text it found where there must be none. */
    const text = error.message.replace(/^\d+:\d+: (?=text data outside)/, '');
    /* How much of a content came through before a message turned out to be wrong depends on where it was cut. */
    return { said: heard.said.filter((item) => !item.endsWith('…')), error: `${error.name}: ${text}` };
  }
}

/** Every single place, and each byte alone. */
function everySplit(bytes: Buffer): Buffer[][] {
  const twoPieces = Array.from(bytes, (_byte, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
  return [...twoPieces, Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1))];
}

/** Jest is asked only about what differs: it would take longer for all of them than to read them. */
async function expectInEverySplit(bytes: Buffer, whole: Awaited<ReturnType<typeof hear>>): Promise<void> {
  for (const pieces of everySplit(bytes)) {
    const cut = await hear(pieces);
    if (!isDeepStrictEqual(cut, whole)) expect(cut).toEqual(whole);
  }
}

describe('a message fed in every split says what it says whole:', () => {
  test.each<[what: string, message: string, arguments: string[]]>([
    ['texts', message('<text>a b</text><number>7</number>'), ['text=a b', 'number=7']],
    ['content', message('<data>YWJj</data>'), ['data: 616263']],
    [
      'content anywhere',
      message('<data>YWI=</data><text>x</text><more>YWJj</more>'),
      ['data: 6162', 'text=x', 'more: 616263'],
    ],
    ['empty content', message('<data></data><more/>'), ['data: ']],
    ['content with line breaks', message('<data>\r\n YW\n Jj \r\n</data>'), ['data: 616263']],
    ['content with references', message('<data>&#89;&#x57;J&#106;&#13;</data>'), ['data: 616263']],
    ['references around CDATA', message('<data>&#89;<![CDATA[W]]>&#x4A;<![CDATA[]]>&#106;</data>'), ['data: 616263']],
    ['content in CDATA', message('<data>Y<![CDATA[WJ]]>j<![CDATA[]]></data>'), ['data: 616263']],
    ['text in CDATA', message('<text>a<![CDATA[<b> & ]] ]>c]]>d</text>'), ['text=a<b> & ]] ]>cd']],
    ['references', message('<text>&lt;&amp;&gt;&quot;&apos;&#x20AC;&#128674;</text>'), ['text=<&>"\'€🚢']],
    ['characters of several bytes', message('<text>é€漢🚢</text>'), ['text=é€漢🚢']],
    ['white space', message('<text> a\r\n b\t</text>'), ['text= a\n b\t']],
    ['prefixes', envelope(`<o:Op xmlns:o="${NAMESPACE}"><o:data a=">">YWJj</o:data></o:Op>`), ['data: 616263']],
    ['arguments in no namespace', envelope(`<o:Op xmlns:o="${NAMESPACE}"><text>a</text></o:Op>`), ['text=a']],
    ['arguments in another', envelope(`<Op xmlns="urn:x"><text>a</text><data>@@</data></Op>`), []],
    [
      'unknown elements in elements',
      message('<other><text>no</text><data>no</data></other><text>a</text>'),
      ['text=a'],
    ],
    [
      'comments and instructions',
      `<?a b?><!-- > -->${message('<!-- <text> --><?c > ?><text>a</text><!---->')}\n`,
      ['text=a'],
    ],
    [
      'xsi:nil',
      message('<data xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/><text>a</text>'),
      ['text=a'],
    ],
    [
      'attributes with markup',
      message(`<text a=">" b='/>"'>a</text><data c="&lt;/data>">YQ==</data>`),
      ['text=a', 'data: 61'],
    ],
    ['a declaration', `<?xml version="1.0" encoding="utf-8"?>\n${message('<text>a</text>')}`, ['text=a']],
  ])('%s', async (_what, text, expected) => {
    const bytes = Buffer.from(text);
    const whole = await hear([bytes]);
    expect(whole.error).toBeUndefined();
    expect(whole.said.filter((item) => !/^(?:SOAP|\{|\w+ ended)/.test(item))).toEqual(expected);
    await expectInEverySplit(bytes, whole);
    expect(await hear([bytes], 'with promises')).toEqual(whole);
  });
});

describe('a message that is wrong is wrong in the same way in every split:', () => {
  test.each<[message: string, error: RegExp]>([
    [message('<data>YW<b/>Jj</data>'), /markup inside of base64/],
    [message('<data>YW<!-- -->Jj</data>'), /markup inside of base64/],
    [message('<data>YW<![CDATX[Jj]]></data>'), /markup inside of base64/],
    [message('<data>YW<![CDATA[J]j]]></data>'), /bracket inside of base64/],
    [message('<data>YW@j</data>'), /Invalid base64/],
    [message('<data><![CDATA[QU&#74;D]]></data>'), /Invalid base64: there is a '&'/],
    [message('<data>&#74;<![CDATA[&#74;]]></data>'), /Invalid base64: there is a '&'/],
    [message(`<data><![CDATA[${'QUJD'.repeat(10)}&#74;QUI]]></data>`), /Invalid base64: there is a '&'/],
    [message('<data>&#<![CDATA[74;]]></data>'), /the reference '&#' does not end/],
    [message('<data>QU&#7<![CDATA[4;]]>D</data>'), /the reference '&#7' does not end/],
    [message('<data>QU&#7<![CDATA[]]>4;D</data>'), /the reference '&#7' does not end/],
    [message('<data>QU&#7<!-- -->4;D</data>'), /markup inside of base64/],
    [message('<data>YW&nbsp;</data>'), /reference|entity/i],
    [message('<data>YW&#65'), /./],
    [message('<data>YWJj'), /unexpected close tag/],
    [`${message('').replace(/<\/.*/, '')}<data>YWJj`, /in the middle of its content/],
    [message('<data>YWJj</other>'), /./],
    [message('<text>a<b/></text>'), /must hold text only/],
    [message('<text>a<!-- b --></text>'), /comment inside/],
    [message('<text>a<?b?></text>'), /instruction inside/],
    [message('<text>&nbsp;</text>'), /entity/],
    [message('<text>&#1;</text>'), /./],
    [message('<text>a</number>'), /./],
    [message('<text a=1>a</text>'), /./],
    [message('<p:text>a</p:text>'), /./],
    [`<!DOCTYPE s [<!ENTITY a "b">]>${message('<text>&a;</text>')}`, /document type declaration/],
    [`${message('')}x`, /./],
    [`${message('')}<a/>`, /./],
    [`${message('')}<!-- -->`, /behind the envelope/],
    [` <?xml version="1.0"?>${message('')}`, /./],
    [message('').slice(0, -4), /./],
    ['', /./],
    ['text', /./],
    ['<x/>', /version mismatch/],
    [`<s:Envelope xmlns:s="${ENVELOPE}"/>`, /Missing required soap:Body/],
    [message(`${'<a>'.repeat(200)}${'</a>'.repeat(200)}`), /nested deeper/],
    [
      `<s:Envelope xmlns:s="${ENVELOPE}"><s:Header><h s:mustUnderstand="1"/></s:Header></s:Envelope>`,
      /SOAP header h was not understood/,
    ],
  ])('%s', async (text, error) => {
    const bytes = Buffer.from(text);
    const whole = await hear([bytes]);
    expect(whole.error).toMatch(error);
    await expectInEverySplit(bytes, whole);
  });
});

/** What may stand in the body of a message, right and wrong. */
const anyMarkup = fc.constantFrom(
  ...['<text>', '</text>', '<data>', '</data>', '<more>', '</more>', '<other>', '</other>', '<number/>', '<data/>'],
  ...['YWJj', 'YW', 'Jj=', ' ', '\n', '\r\n', '@', '=', '>', '/', '"', 'é', '🚢', ']', ']]>', '-->'],
  ...['&#', '&#7', '4;', '<![CDATA[4;]]>', '<![CDATA[QU&#74;D]]>', '<![CDATA[]]>'],
  ...['<![CDATA[', '<![CDATA[YWJj]]>', '<!-- YWJj -->', '<?a YWJj?>', '&#89;', '&#x57;', '&lt;', '&amp', '&nbsp;', '<'],
  ...['<data xmlns="">', `<p:data xmlns:p="${NAMESPACE}">`, '</p:data>', '<text a=">">', "<data b='<'>"],
);

/** An argument that is as it should be, in the forms it may have. */
const anyArgument = fc.oneof(
  fc.constantFrom('<text>a &amp; é</text>', '<number> 7 </number>', '<other><data>@</data></other>', '<!-- <data> -->'),
  fc
    .tuple(
      fc.constantFrom('data', 'more'),
      fc.array(fc.constantFrom('YWJj', '\r\n', '<![CDATA[Zm9v]]>', '&#89;&#87;Jj', ' ')),
    )
    .map(([name, pieces]) => `<${name}>${pieces.join('')}</${name}>`),
);

const anyBody = fc.oneof(
  fc.array(anyMarkup, { maxLength: 12 }).map((pieces) => pieces.join('')),
  fc.array(anyArgument, { maxLength: 6 }).map((pieces) => pieces.join('')),
);

test.each([
  ['a plain message', () => new HeardEnvelope()],
  ['the envelope of MTOM', () => new HeardMtom()],
])(
  'whatever %s holds, and wherever it is cut, the report, the content and the error are the same',
  async (_what, listener) => {
    await fc.assert(
      fc.asyncProperty(anyBody, anyCuts, async (body, cuts) => {
        const bytes = Buffer.from(message(body));
        expect(await hear(cutAt(bytes, cuts), 'at once', listener())).toEqual(
          await hear([bytes], 'at once', listener()),
        );
      }),
      { numRuns: 2000 },
    );
  },
);

/** What stands in an element: base64, references whole and in pieces, and any of it in CDATA. */
const anyPiece = fc.constantFrom('YWJj', '=', '&#74;', '&#', '74;');
const anyCdata = fc.array(anyPiece, { maxLength: 2 }).map((pieces) => `<![CDATA[${pieces.join('')}]]>`);
const anyText = fc.array(fc.oneof(anyPiece, anyCdata), { maxLength: 4 }).map((pieces) => pieces.join(''));

test('content is what the parser of all other elements reads, decoded, and is refused where that is', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, anyCuts, async (text, cuts) => {
      const read = await hear([Buffer.from(message(`<text>${text}</text>`))]);
      const decoded = await hear(cutAt(Buffer.from(message(`<data>${text}</data>`)), cuts));
      const base64 = valueOf(read.said, 'text=');
      if (base64 === undefined || !/^[A-Za-z0-9+/\s]*[=\s]*$/.test(base64)) expect(decoded.error).toBeDefined();
      else expect(valueOf(decoded.said, 'data: ')).toBe(Buffer.from(base64, 'base64').toString('hex'));
    }),
    { numRuns: 2000 },
  );
});

/** What was said of an argument; undefined when the message was refused before. */
function valueOf(said: readonly string[], argument: string): string | undefined {
  return said.find((item) => item.startsWith(argument))?.slice(argument.length);
}

test('whatever it holds, it is the same for receivers that ask to wait', async () => {
  await fc.assert(
    fc.asyncProperty(anyBody, anyCuts, anyManner, async (body, cuts, manner) => {
      const bytes = Buffer.from(message(body));
      expect(await hear(cutAt(bytes, cuts), manner)).toEqual(await hear([bytes]));
    }),
    { numRuns: 300 },
  );
});

/* Of two things that are wrong, it depends on the cut which is told. */
test('whatever bytes come, cut anywhere, they are refused as much', async () => {
  const anyBytes = fc.tuple(anyBody, fc.nat(), fc.uint8Array({ maxLength: 3 })).map(([body, at, bytes]) => {
    const whole = Buffer.from(message(body));
    const place = at % (whole.length + 1);
    return Buffer.concat([whole.subarray(0, place), bytes, whole.subarray(place + (at % 3))]);
  });
  await fc.assert(
    fc.asyncProperty(anyBytes, anyCuts, async (bytes, cuts) => {
      const [cut, whole] = [await hear(cutAt(bytes, cuts)), await hear([bytes])];
      expect(cut.said).toEqual(whole.said);
      expect(cut.error?.split(':')[0]).toBe(whole.error?.split(':')[0]);
    }),
    { numRuns: 2000 },
  );
});

test('A message may come in any number of pieces', async () => {
  const text = 'x'.repeat(30_000);
  const heard = await hear(Array.from(Buffer.from(message(`<text>${text}</text>`)), (byte) => Buffer.of(byte)));
  expect(heard).toEqual({ said: expect.arrayContaining([`text=${text}`]) as unknown, error: undefined });
});

test.each([
  [
    'more places where markup may end than any message has',
    `<a>${'>'.repeat(20_001)}</a>`,
    "There are more than 20000 '>'",
  ],
  ['more content than one', '<data>YQ==</data>'.repeat(11), 'There are more than 10 elements with content'],
  ['a namespace with a very long name', `<a xmlns:q="${'u'.repeat(1025)}"/>`, 'a namespace is longer than 1024'],
  ['a very long namespace without prefix', `<a xmlns='${'u'.repeat(1025)}'/>`, 'a namespace is longer than 1024'],
  ['CDATA sections without end', `<data>${'<![CDATA[]]>'.repeat(100_000)}</data>`, 'The message is longer than'],
])('A message with %s is too large', async (_what, args, text) => {
  const reader = new EnvelopeReader(new HeardEnvelope('at once'), NAMESPACE, MAX_TEXT_BYTES);
  const reading = feed(reader, [Buffer.from(message(args))]);
  await expect(reading).rejects.toThrow(MessageTooLarge);
  await expect(reading).rejects.toThrow(text);
});
