import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { MessageTooLarge, UnreadableMessage } from '../../../src/bindings/payload/argument-receiver.js';
import { FormDataReader } from '../../../src/bindings/payload/form-data-reader.js';
import { anyCuts, anyManner, cutAt, feed, Heard, manners } from './receivers.js';

interface Field {
  readonly headers: string;
  readonly body: string | Buffer;
}

function form(...fields: readonly Field[]): Buffer {
  const parts = fields.flatMap(({ headers, body }) => [
    Buffer.from(`--b\r\n${headers}\r\n\r\n`),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...parts, Buffer.from('--b--\r\n')]);
}

async function read(message: Buffer, maxTextBytes?: number): Promise<string[]> {
  const heard = new Heard(['data']);
  await feed(new FormDataReader(heard, { boundary: 'b', maxTextBytes }), [message]);
  return heard.said;
}

const named = (name: string): string => `Content-Disposition: form-data; name="${name}"`;

test('the message of the contract: texts, and a chunk as it is', async () => {
  const chunk = Buffer.from([0, 13, 10, 45, 45, 255]);
  const message = form(
    { headers: named('authenticationTicket'), body: '3f2504e0-4f89-11d3-9a0c-0305e82c3301' },
    {
      headers: `${named('data')}; filename="chunk"\r\nContent-Type: application/octet-stream`,
      body: chunk,
    },
    { headers: named('chunkHEXCRC'), body: 'A3F2B1C0' },
    { headers: named('lastChunk'), body: 'false' },
  );
  expect(await read(message)).toEqual([
    'authenticationTicket=3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    `data: ${chunk.toString('hex')}`,
    'chunkHEXCRC=A3F2B1C0',
    'lastChunk=false',
  ]);
});

test.each([
  ['a file name', `${named('data')}; filename="x"`, 'YWJj', '5957 4a6a'],
  ['an empty file name', `${named('data')}; filename=""`, 'YWJj', '5957 4a6a'],
  ['a file name that is encoded', `${named('data')}; filename*=utf-8''x`, 'YWJj', '5957 4a6a'],
  ['a text file', `${named('data')}; filename="x.txt"\r\nContent-Type: text/plain`, 'YWJj', '5957 4a6a'],
  ['a type that is not text', `${named('data')}\r\nContent-Type: application/octet-stream`, 'YWJj', '5957 4a6a'],
  ['a binary encoding', `${named('data')}\r\nContent-Transfer-Encoding: binary`, 'YWJj', '5957 4a6a'],
  ['nothing', named('data'), 'YWJj', '616263'],
  ['a type that is text', `${named('data')}\r\nContent-Type: text/plain; charset=utf-8`, 'YWJj', '616263'],
  ['an encoding of 8bit', `${named('data')}\r\nContent-Transfer-Encoding: 8bit`, 'YWJj', '616263'],
  [
    'a file name, encoded in base64',
    `${named('data')}; filename="x"\r\nContent-Transfer-Encoding: BASE64`,
    'YWJj',
    '616263',
  ],
  ['lines of base64', named('data'), 'YWJj\r\nYWJj\r\n', '616263616263'],
  ['an empty field', named('data'), '', ''],
  ['an empty file', `${named('data')}; filename="x"`, '', ''],
])('content with %s', async (_, headers, body, content) => {
  expect(await read(form({ headers, body }))).toEqual([`data: ${content.replace(' ', '')}`]);
});

test.each([
  ['quotes', named('a'), 'x', 'a=x'],
  ['no quotes', 'content-disposition:form-data;name=a', 'x', 'a=x'],
  ['an escaped quote in its name', named('a\\"b'), 'x', 'a"b=x'],
  ['a name escaped as browsers do', named('a%22%0D%0Ab%41'), 'x', 'a"\r\nb%41=x'],
  ['letters of any language', named('été'), '日本', 'été=日本'],
  ['a charset', `${named('a')}\r\nContent-Type: text/plain; charset=iso-8859-1`, Buffer.from([0xe9]), 'a=é'],
  ['bytes that are not UTF-8', named('a'), Buffer.from([0x61, 0xe9]), 'a=a\ufffd'],
  ['a charset nobody knows', `${named('a')}\r\nContent-Type: text/plain; charset=x-nope`, 'é', 'a=é'],
  ['base64', `${named('a')}\r\nContent-Transfer-Encoding: base64`, 'w6k=', 'a=é'],
  ['a file name', `${named('a')}; filename="x"`, 'x', 'a=x'],
  ['nothing in it', named('a'), '', 'a='],
  ['line ends in it', named('a'), '\r\nx\r\n', 'a=\r\nx\r\n'],
])('a text with %s', async (_, headers, body, said) => {
  expect(await read(form({ headers, body }))).toEqual([said]);
});

test.each([
  ['no name', 'Content-Disposition: form-data', 'A part of the form has no name.'],
  ['no Content-Disposition', 'Content-Type: text/plain', 'A part of the form has no name.'],
  [
    'an encoding nobody reads',
    `${named('a')}\r\nContent-Transfer-Encoding: quoted-printable`,
    'The Content-Transfer-Encoding of a part is none that is read here: quoted-printable.',
  ],
])('a part with %s is refused', async (_, headers, text) => {
  await expect(read(form({ headers, body: 'x' }))).rejects.toThrow(new UnreadableMessage(text));
});

test('content that is no base64 is refused', async () => {
  await expect(read(form({ headers: named('data'), body: '@@@@' }))).rejects.toThrow("Invalid base64: there is a '@'.");
});

test('a message without a boundary is refused', () => {
  expect(() => new FormDataReader(new Heard([]), { boundary: undefined })).toThrow(UnreadableMessage);
});

test('a message that is cut off is refused', async () => {
  const message = form({ headers: named('a'), body: 'x' });
  await expect(read(message.subarray(0, message.length - 4))).rejects.toThrow('no closing delimiter');
});

test('texts and names together may be as long as allowed, and no byte longer', async () => {
  const message = form(
    { headers: named('aaa'), body: 'bbbb' },
    { headers: `${named('data')}; filename="x"`, body: 'x'.repeat(1000) },
    { headers: named('cc'), body: 'd' },
  );
  expect(await read(message, 14)).toHaveLength(3);
  await expect(read(message, 13)).rejects.toThrow(MessageTooLarge);
  await expect(read(form({ headers: named('a'), body: 'x'.repeat(1024 * 1024) }))).rejects.toThrow(MessageTooLarge);
});

test('a text in base64 counts as it comes, with its white space', async () => {
  const message = form({
    headers: `${named('a')}\r\nContent-Transfer-Encoding: base64`,
    body: `YQ==${' '.repeat(20)}`,
  });
  expect(await read(message, 25)).toEqual(['a=a']);
  await expect(read(message, 24)).rejects.toThrow(MessageTooLarge);
});

test.each(manners)('large content, raw and base64, comes out as it is when the receiver answers %s', async (manner) => {
  const content = randomBytes(300_000);
  const message = form(
    { headers: `${named('data')}; filename="x"`, body: content },
    { headers: named('data'), body: content.toString('base64') },
  );
  const heard = new Heard(['data'], manner);
  await feed(new FormDataReader(heard, { boundary: 'b' }), cutAt(message, [0.1, 0.3, 0.6, 0.61]));
  expect(heard.said.map((said) => said === `data: ${content.toString('hex')}`)).toEqual([true, true]);
});

test('a message of texts alone is read without a promise', () => {
  const heard = new Heard(['data']);
  const reader = new FormDataReader(heard, { boundary: 'b' });
  expect(reader.write(form({ headers: named('a'), body: 'x' }))).toBeUndefined();
  reader.end();
  expect(heard.said).toEqual(['a=x']);
});

test('any form, cut anywhere, says what was meant', async () => {
  const anyField = fc.oneof(
    fc.record({ kind: fc.constant('text'), body: fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)) }),
    fc.record({
      kind: fc.constantFrom('file', 'base64'),
      body: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anyField, { maxLength: 4 }), anyCuts, anyManner, async (fields, cuts, manner) => {
      const message = form(
        ...fields.map(({ kind, body }) => {
          if (kind === 'text') return { headers: named('a'), body };
          if (kind === 'file') return { headers: `${named('data')}; filename="x"`, body };
          return { headers: named('data'), body: body.toString('base64') };
        }),
      );
      const heard = new Heard(['data'], manner);
      await feed(new FormDataReader(heard, { boundary: 'b' }), cutAt(message, cuts));
      expect(heard.said).toEqual(
        fields.map(({ kind, body }) => (kind === 'text' ? `a=${body.toString()}` : `data: ${body.toString('hex')}`)),
      );
    }),
    { numRuns: 200 },
  );
});
