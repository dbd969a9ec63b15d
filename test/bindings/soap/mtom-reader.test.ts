import fc from 'fast-check';
import {
  type ArgumentReceiver,
  MessageTooLarge,
  UnreadableMessage,
} from '../../../src/bindings/payload/argument-receiver.js';
import { MtomReader } from '../../../src/bindings/soap/mtom-reader.js';
import { anyCuts, anyManner, cutAt, feed } from '../payload/receivers.js';
import { HeardEnvelope, MAX_TEXT_BYTES, NAMESPACE } from './heard-envelope.js';

const ENVELOPES = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
} as const;

interface Part {
  readonly id?: string;
  /** @default 'application/octet-stream' */
  readonly type?: string;
  /** @default 'binary' */
  readonly encoding?: string;
  readonly body: string | Buffer;
}

const include = (id: string): string => `<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:${id}"/>`;
const DATA = `<data>${include('data%40x')}</data>`;

function envelope(args: string, version: keyof typeof ENVELOPES = '1.1'): string {
  return `<s:Envelope xmlns:s="${ENVELOPES[version]}"><s:Body><Op xmlns="${NAMESPACE}">${args}</Op></s:Body></s:Envelope>`;
}

function packed(args: string, ...parts: Part[]): Buffer {
  return pack({ id: 'root', body: envelope(args) }, ...parts);
}

function pack(...parts: Part[]): Buffer {
  const written = parts.map(({ body, encoding = 'binary', id, type = 'application/octet-stream' }) =>
    Buffer.concat([
      Buffer.from(
        `--b\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n` +
          `${id === undefined ? '' : `Content-ID: <${id}>\r\n`}\r\n`,
      ),
      Buffer.from(body as string),
      Buffer.from('\r\n'),
    ]),
  );
  return Buffer.concat([...written, Buffer.from('--b--\r\n')]);
}

async function read(pieces: readonly Buffer[], heard = new HeardEnvelope(), start?: string): Promise<string[]> {
  const parameters = new Map([['boundary', 'b'], ...(start === undefined ? [] : [['start', start] as const])]);
  await feed(new MtomReader(parameters, heard, { namespace: NAMESPACE, maxTextBytes: MAX_TEXT_BYTES }), pieces);
  return heard.arguments.said;
}

const INCLUDE_ALONE = /^The element data must hold an xop:Include alone, or none\.$/;
const TWICE = /^The parameter data comes twice, and at least once by an xop:Include\.$/;
const PART: Part = { id: 'data@x', body: 'abc' };

test.each(['1.1', '1.2'] as const)('Content in a part of its own is taken as it is, SOAP %s', async (version) => {
  const heard = new HeardEnvelope();
  const bytes = Buffer.from([0, 0xff, 13, 10, 45, 45]);
  expect(await read([pack({ body: envelope(DATA, version) }, { id: 'data@x', body: bytes })], heard)).toEqual([
    `data: ${bytes.toString('hex')}`,
  ]);
  expect(heard.said).toContain(`SOAP ${version}`);
});

test.each<[what: string, message: Buffer, said: string[]]>([
  [
    'arguments around an include',
    packed(`<text>a</text>${DATA}<number>7</number>`, PART),
    ['text=a', 'number=7', 'data: 616263'],
  ],
  [
    'two includes, parts in another order',
    packed(`${DATA}<more>${include('m')}</more>`, { id: 'm', body: 'm' }, PART),
    ['more: 6d', 'data: 616263'],
  ],
  ['content in the envelope', packed('<data>YWJj</data><text>a</text>'), ['data: 616263', 'text=a']],
  [
    'content in the envelope, and in a part',
    packed(`<data>YWI=</data><more>${include('m')}</more>`, { id: 'm', body: 'm' }),
    ['data: 6162', 'more: 6d'],
  ],
  ['an empty part', packed(DATA, { id: 'data@x', body: '' }), ['data: ']],
  ['a part nobody names', packed('<text>a</text>', { id: 'other', body: 'x' }, { body: 'y' }), ['text=a']],
  ['a part that comes twice', packed(DATA, PART, { id: 'data@x', body: 'again' }), ['data: 616263']],
  ['white space around an include', packed(`<data>\r\n  ${include('data@x')}\r\n</data>`, PART), ['data: 616263']],
  [
    'white space in CDATA beside an include',
    packed(`<data><![CDATA[ ]]>\t${include('data@x')}<![CDATA[\n]]></data>`, PART),
    ['data: 616263'],
  ],
  ['8bit', packed(DATA, { ...PART, encoding: '8bit' }), ['data: 616263']],
  ['7BIT', packed(DATA, { ...PART, encoding: '7BIT' }), ['data: 616263']],
  ['an envelope alone', packed('<text>a</text>'), ['text=a']],
  [
    'an id that is no valid escape',
    packed(`<data>${include('100%')}</data>`, { id: '100%', body: 'abc' }),
    ['data: 616263'],
  ],
])('%s: taken', async (_what, message, said) => {
  expect(await read([message])).toEqual(said);
});

test.each<[what: string, message: Buffer, error: RegExp]>([
  ['a part that did not come', packed(DATA), /^The envelope includes a part data@x that did not come\.$/],
  ['another part instead', packed(DATA, { id: 'other', body: 'x' }), /did not come/],
  ['a part before the envelope', pack(PART, { body: envelope(DATA) }), /./],
  [
    'a part in base64',
    packed(DATA, { ...PART, encoding: 'base64' }),
    /^The part data@x must not be encoded as base64\.$/,
  ],
  ['a part in quoted-printable', packed(DATA, { ...PART, encoding: 'quoted-printable' }), /must not be encoded/],
  [
    'a reference to elsewhere',
    packed('<data><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="http://example.org/"/></data>'),
    /is not to a part of the message/,
  ],
  [
    'a file',
    packed('<data><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="file:///etc/passwd"/></data>'),
    /is not to a part/,
  ],
  [
    'an include without href',
    packed('<data><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include"/></data>'),
    /must hold text only/,
  ],
  ['an include in a text', packed(`<text>${include('data@x')}</text>`, PART), /must hold text only/],
  ['base64 before an include', packed(`<data>YWJj${include('data@x')}</data>`, PART), INCLUDE_ALONE],
  [
    'base64 in CDATA before an include',
    packed(`<data><![CDATA[YWJj]]>${include('data@x')}</data>`, PART),
    INCLUDE_ALONE,
  ],
  ['a piece of base64 before an include', packed(`<data> Y${include('data@x')}</data>`, PART), /./],
  ['base64 behind an include', packed(`<data>${include('data@x')} YWJj</data>`, PART), INCLUDE_ALONE],
  ['base64 around an include', packed(`<data>YWJj${include('data@x')}YWJj</data>`, PART), INCLUDE_ALONE],
  ['two includes of one part', packed(`<data>${include('data@x')}${include('data@x')}</data>`, PART), INCLUDE_ALONE],
  [
    'includes of two parts',
    packed(`<data>${include('data@x')}\n${include('m')}</data>`, PART, { id: 'm', body: 'm' }),
    INCLUDE_ALONE,
  ],
  ['an include, and base64 in another element', packed(`${DATA}<data>YWJj</data>`, PART), TWICE],
  ['base64, and an include in another element', packed(`<data>YWJj</data>${DATA}`, PART), TWICE],
  ['includes in two elements', packed(`${DATA}<data>${include('m')}</data>`, PART, { id: 'm', body: 'm' }), TWICE],
  ['another element', packed('<data><b/></data>'), /must hold text only/],
  ['an envelope cut off', pack({ body: envelope(DATA).slice(0, -5) }, PART), /./],
  ['no envelope', pack({ body: '' }), /./],
  ['no part', Buffer.from('--b--\r\n'), /^The message has no part\.$/],
  ['no closing delimiter', packed(DATA, PART).subarray(0, -8), /no closing delimiter/],
])('%s: refused', async (_what, message, error) => {
  await expect(read([message])).rejects.toThrow(UnreadableMessage);
  await expect(read([message])).rejects.toThrow(error);
});

/** Hears names in any case, as the contract does. */
class HeardInAnyCase extends HeardEnvelope {
  override body(namespace: string, name: string): ArgumentReceiver {
    const heard = super.body(namespace, name);
    return {
      isContent: (argument) => heard.isContent(argument.toLowerCase()),
      text: (argument, text) => heard.text(argument.toLowerCase(), text),
      content: (argument) => heard.content(argument.toLowerCase()),
    };
  }

  override isArgument(name: string): boolean {
    return super.isArgument(name.toLowerCase());
  }
}

test('A parameter comes twice also where its name is written in two ways', async () => {
  const reading = read([packed(`<data>YWJj</data><Data>${include('data@x')}</Data>`, PART)], new HeardInAnyCase());
  await expect(reading).rejects.toThrow(/^The parameter Data comes twice/);
});

test('The envelope is the first part: who says that it is another is told so', async () => {
  const root: Part = { id: 'root', body: envelope(DATA) };
  const readFrom = (parts: Part[], start: string) => read([pack(...parts)], new HeardEnvelope(), start);
  expect(await readFrom([root, PART], '<root>')).toEqual(['data: 616263']);
  expect(await readFrom([root, PART], 'root')).toEqual(['data: 616263']);
  expect(await readFrom([{ ...root, type: 'application/xop+xml' }, PART], '<other>')).toEqual(['data: 616263']);
  expect(await readFrom([{ body: envelope(DATA) }, PART], '<root>')).toEqual(['data: 616263']);
  await expect(readFrom([PART, root], '<root>')).rejects.toThrow(
    'The envelope must be the first part, but start names another: root.',
  );
});

test('A message has a boundary', () => {
  const limits = { namespace: NAMESPACE, maxTextBytes: 1000 };
  expect(() => new MtomReader(new Map(), new HeardEnvelope(), limits)).toThrow(UnreadableMessage);
});

test('The envelope has a limit, and content in parts has none here', async () => {
  const limits = { namespace: NAMESPACE, maxTextBytes: 1000 };
  const parameters = new Map([['boundary', 'b']]);
  const readLimited = (message: Buffer) => feed(new MtomReader(parameters, new HeardEnvelope(), limits), [message]);
  await readLimited(packed(DATA, { id: 'data@x', body: 'x'.repeat(10_000) }));
  await expect(readLimited(packed(`<text>${'x'.repeat(1000)}</text>`))).rejects.toThrow(MessageTooLarge);
});

test('Whatever parts there are, and wherever the message is cut, it says the same', async () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc
      .array(fc.constantFrom('\r\n', '--', '--b', '-', 'x'))
      .map((pieces) => Buffer.from(pieces.join('').replaceAll('\r\n--b', ''))),
  );
  const anyMessage = fc
    .tuple(fc.boolean(), anyBytes, anyBytes, fc.subarray([0, 1, 2, 3]))
    .map(([isInline, first, second, order]) => {
      const parts: Part[] = [
        { id: 'data@x', body: first },
        { id: 'm', body: second },
        { id: 'other', body: second },
        { body: first },
      ];
      const data = isInline ? `<data>${first.toString('base64')}</data>` : DATA;
      return packed(`<text>a</text>${data}<more>${include('m')}</more>`, ...order.map((n) => parts[n] ?? PART));
    });
  const outcome = async (pieces: readonly Buffer[], heard: HeardEnvelope) =>
    read(pieces, heard).catch((error: unknown) => [String(error)]);
  await fc.assert(
    fc.asyncProperty(anyMessage, anyCuts, anyManner, async (message, cuts, manner) => {
      const whole = await outcome([message], new HeardEnvelope());
      expect(await outcome(cutAt(message, cuts), new HeardEnvelope(manner))).toEqual(whole);
    }),
    { numRuns: 500 },
  );
});
