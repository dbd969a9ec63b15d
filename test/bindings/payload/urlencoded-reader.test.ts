import fc from 'fast-check';
import { MessageTooLarge, UnreadableMessage } from '../../../src/bindings/payload/argument-receiver.js';
import {
  readQuery,
  UrlencodedReader,
  type UrlencodedOptions,
} from '../../../src/bindings/payload/urlencoded-reader.js';
import { anyCuts, anyManner, cutAt, feed, Heard, manners } from './receivers.js';

async function read(message: string, options: UrlencodedOptions = {}, cuts: readonly number[] = []): Promise<string[]> {
  const heard = new Heard(['data']);
  await feed(new UrlencodedReader(heard, options), cutAt(Buffer.from(message, 'latin1'), cuts));
  return heard.said;
}

test.each([
  ['', []],
  ['a=1&b=2', ['a=1', 'b=2']],
  ['a=', ['a=']],
  ['a', ['a=']],
  ['a&b=2', ['a=', 'b=2']],
  ['=x', ['=x']],
  ['&&a=1&&', ['a=1']],
  ['a=1=2', ['a=1=2']],
  ['a=x\r\n&b=y\r\n', ['a=x\r\n', 'b=y\r\n']],
  ['a=1&A=2&a=3', ['a=1', 'A=2', 'a=3']],
  ['a+b=c+d', ['a b=c d']],
  ['a=a%20b+c%C3%A9%c3%a9', ['a=a b céé']],
  ['%61%26=%3D%26', ['a&==&']],
  ['a=\xc3\xa9', ['a=é']],
  ['a=%E9', ['a=\ufffd']],
  ['a=%u20AC%u00e9', ['a=€é']],
  ['a=%uD83D%uDE00', ['a=😀']],
  ['a=x%uD83Dx', ['a=x\ufffdx']],
  ['a=%C3%u20AC%A9', ['a=\ufffd€\ufffd']],
  ['a=%uDE00%uD83D%u20AC%uD83D%uDE00%C3%A9%u0041%u00', ['a=\ufffd\ufffd€😀éA%u00']],
  ['a=100%&b=%zz%4&c=%u12&d=%u12g4%', ['a=100%', 'b=%zz%4', 'c=%u12', 'd=%u12g4%']],
  ['a=%00', ['a=\0']],
])('%j says %j', async (message, said) => {
  expect(await read(message)).toEqual(said);
});

test.each([
  ['utf-8', 'a=%C3%A9', 'a=é'],
  ['ISO-8859-1', 'a=%E9\xe9%u20AC%93', 'a=éé€\x93'],
  ['ISO-8859-1', 'a=%uDE00%u20AC%uD83D%uDE00%E9%u0041', 'a=\ufffd€😀éA'],
  ['windows-1252', 'a=%80%93', 'a=€“'],
  ['nobody-knows', 'a=%C3%A9', 'a=é'],
])('a form in %s is read as that', async (charset, message, said) => {
  expect(await read(message, { charset })).toEqual([said]);
});

test.each([
  ['data=YWJj', ['data: 616263']],
  ['a=1&data=YWI%3D&b=2', ['a=1', 'data: 6162', 'b=2']],
  ['a=1&data=YWI=&b=2', ['a=1', 'data: 6162', 'b=2']],
  ['data=', ['data: ']],
  ['data', ['data: ']],
  ['data&a=1', ['data: ', 'a=1']],
  ['data=%2B%2F%2B%2F', ['data: fbffbf']],
  ['data=+/+/', ['data: fbffbf']],
  ['data=%20/%20%2F', ['data: fbffbf']],
  ['data=YWJj%0D%0AYWJj%0A', ['data: 616263616263']],
  ['data=YWJj\r\n&a=1', ['data: 616263', 'a=1']],
  ['data=%59%57%4A%6A', ['data: 616263']],
  ['data=%u0059WJj', ['data: 616263']],
  ['data=YWJj&data=YWJj', ['data: 616263', 'data: 616263']],
])('the content in %j is %j', async (message, said) => {
  expect(await read(message)).toEqual(said);
});

test.each([
  ['data=97', ['data=97']],
  ['data=%39%37%31', ['data=971']],
  ['data=97&data=98&a=1', ['data=97', 'data=98', 'a=1']],
  ['data=1234', ['data: d76df8']],
  ['data=97=', ['data: f7']],
  ['data=97\n', ['data: f7']],
  ['data=9a', ['data: f5']],
])('of content that is a number of one to three digits the text is reported: %j', async (message, said) => {
  expect(await read(message)).toEqual(said);
});

test.each([
  ['data=YW%JjYWJj', "Invalid base64: there is a '%'."],
  ['data=YWJjYWJjYWJj%', "Invalid base64: there is a '%'."],
  ['data=YWJjYWJjYWJj%2', "Invalid base64: there is a '%'."],
  ['data=YWJjYWJjYWJj%u004&a=1', "Invalid base64: there is a '%'."],
  ['data=YW-_', "Invalid base64: there is a '-'."],
  ['data=YWI=YWI=', "Invalid base64: after the padding there is a 'Y'."],
  ['data=%u20ACYWJj', 'Invalid base64: there is the character 0xE2.'],
  ['data=%u007FYWJjYWJj', 'Invalid base64: there is the character 0x7F.'],
  ['data=%u0080YWJjYWJj', 'Invalid base64: there is the character 0xC2.'],
  ['data=%u0141YWJjYWJj', 'Invalid base64: there is the character 0xC5.'],
  ['data=%uD83DYWJjYWJj', 'Invalid base64: there is the character 0xEF.'],
])('%j is refused', async (message, text) => {
  await expect(read(message)).rejects.toThrow(new UnreadableMessage(text));
});

test('texts and names together may be as long as allowed, and no byte longer', async () => {
  const message = 'aaa=bbbb&data=YWJjYWJjYWJjYWJjYWJj&cc=d';
  expect(await read(message, { maxTextBytes: 14 })).toHaveLength(3);
  await expect(read(message, { maxTextBytes: 13 })).rejects.toThrow(MessageTooLarge);
  await expect(read('a'.repeat(1024 * 1024 + 1))).rejects.toThrow(MessageTooLarge);
});

test('a long text is refused before it has come whole', () => {
  const reader = new UrlencodedReader(new Heard([]), { maxTextBytes: 100 });
  void reader.write(Buffer.from('a='));
  expect(() => reader.write(Buffer.alloc(101, 'x'))).toThrow(MessageTooLarge);
});

test('a message without content is read without a promise', () => {
  const heard = new Heard(['data']);
  const reader = new UrlencodedReader(heard);
  expect(reader.write(Buffer.from('a=1&data=97&b'))).toBeUndefined();
  expect(reader.end()).toBeUndefined();
  expect(heard.said).toEqual(['a=1', 'data=97', 'b=']);
});

test('once content flows, a receiver that does not wait is served without a promise', async () => {
  const content = Buffer.alloc(300_000, 'content');
  const heard = new Heard(['data']);
  const reader = new UrlencodedReader(heard);
  await reader.write(Buffer.from('data=Y29udGVudGNvb'));
  expect(reader.write(Buffer.from(encodeURIComponent(content.toString('base64'))))).toBeUndefined();
});

test('a query is read as it stands in the URL', () => {
  const heard = new Heard([]);
  expect(readQuery('op=caf%C3%A9&x=\xc3\xa9&WSDL', heard)).toBeUndefined();
  expect(heard.said).toEqual(['op=café', 'x=é', 'WSDL=']);
});

test('a query with content is read once its promise is fulfilled', async () => {
  const heard = new Heard(['data'], 'with promises');
  await readQuery('data=YWJjYWJjYWJj YWJj&a=1', heard);
  expect(heard.said).toEqual(['data: 616263616263616263f98589', 'a=1']);
});

test.each(manners)('long escaped content comes out as it is when the receiver answers %s', async (manner) => {
  const content = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7919) >>> 4));
  const text = encodeURIComponent(content.toString('base64'));
  for (const cuts of [[], [0.1, 0.2, 0.5], [0.99999]]) {
    const heard = new Heard(['data'], manner);
    const reader = new UrlencodedReader(heard);
    await feed(reader, cutAt(Buffer.from(`a=1&data=${text}&b=2`), cuts));
    const [a, data, b] = heard.said;
    expect([a, data === `data: ${content.toString('hex')}`, b]).toEqual(['a=1', true, 'b=2']);
  }
});

test.each(manners)(
  'long content that consists of escapes comes out as it is when the receiver answers %s',
  async (manner) => {
    const content = Buffer.from(Array.from({ length: 30_000 }, (_, n) => (n * 7919) >>> 4));
    const text = Array.from(content.toString('base64'), (character, n) => {
      const digits = character.charCodeAt(0).toString(16);
      return [`%u00${digits}`, `%${digits}`, character][n % 1000 < 900 ? n % 2 : 2] ?? '';
    }).join('');
    for (const cuts of [[], [0.1, 0.2, 0.5], [0.99999]]) {
      const heard = new Heard(['data'], manner);
      await feed(new UrlencodedReader(heard), cutAt(Buffer.from(`a=1&data=${text}&b=2`), cuts));
      const [a, data, b] = heard.said;
      expect([a, data === `data: ${content.toString('hex')}`, b]).toEqual(['a=1', true, 'b=2']);
    }
  },
);

test('what goes wrong in the receiver reaches whoever writes', async () => {
  const receiver = {
    isContent: () => true,
    text: () => undefined,
    content: () => Promise.reject(new Error('no place')),
  };
  const reader = new UrlencodedReader(receiver);
  await expect(reader.write(Buffer.from('data=YWJjYWJjYWJj'))).rejects.toThrow('no place');
});

/** An argument as it was meant, and as it may be written. */
const anyArgument = fc
  .tuple(
    fc.boolean(),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.uint8Array({ maxLength: 60 }),
    fc.array(fc.nat(3), { minLength: 1, maxLength: 40 }),
  )
  .map(([isContent, text, bytes, choices]) => {
    const value = isContent ? Buffer.from(bytes).toString('base64') : text;
    const name = isContent ? 'data' : 'text';
    let written = '';
    for (const [n, byte] of Buffer.from(value).entries()) {
      const character = String.fromCharCode(byte);
      const choice = choices[n % choices.length] ?? 0;
      if (choice === 0 || !/[A-Za-z0-9+/ ]/.test(character) || (!isContent && character === '+')) {
        written += `%${byte.toString(16).padStart(2, '0')}`;
      } else if (character === ' ') written += '+';
      else if (isContent && choice === 1) written += `%u00${byte.toString(16)}`;
      else written += character;
    }
    const isNumber = isContent && /^[0-9]{1,3}$/.test(value);
    const said = isContent && !isNumber ? `data: ${Buffer.from(bytes).toString('hex')}` : `${name}=${value}`;
    return { said: said.replace(/\p{Surrogate}/gu, '\ufffd'), written: `${name}=${written}` };
  });

test('any message, cut anywhere, says what was meant', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyArgument, { maxLength: 5 }), anyCuts, anyManner, async (args, cuts, manner) => {
      const heard = new Heard(['data'], manner);
      const message = Buffer.from(args.map(({ written }) => written).join('&'));
      await feed(new UrlencodedReader(heard), cutAt(message, cuts));
      expect(heard.said).toEqual(args.map(({ said }) => said));
    }),
    { numRuns: 300 },
  );
});

test('any bytes at all give the same result whole and cut', async () => {
  const character = fc.constantFrom(...Array.from('abYWJj019%%%uu24EFef=&+ \r\n\xe9'));
  await fc.assert(
    fc.asyncProperty(fc.array(character, { maxLength: 60 }), anyCuts, async (characters, cuts) => {
      const message = `data=${characters.join('')}`;
      const outcome = (places: readonly number[]) => read(message, {}, places).catch((error: unknown) => String(error));
      expect(await outcome(cuts)).toEqual(await outcome([]));
    }),
    { numRuns: 500 },
  );
});

test('Nothing between many ampersands is too much as well', async () => {
  expect(await read('&'.repeat(1000))).toEqual([]);
  await expect(read('&'.repeat(1001))).rejects.toThrow(new MessageTooLarge('The message has more than 1000 names.'));
});
