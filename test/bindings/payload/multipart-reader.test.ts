import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import {
  type ContentReceiver,
  MessageTooLarge,
  UnreadableMessage,
} from '../../../src/bindings/payload/argument-receiver.js';
import {
  MultipartReader,
  type PartHeaders,
  type PartReceiver,
} from '../../../src/bindings/payload/multipart-reader.js';
import { anyCuts, anyManner, cutAt, feed, Gathered, type Manner } from './receivers.js';

/** Gathers the parts of a message. */
class Parts implements PartReceiver {
  readonly #manner: Manner;
  readonly #parts: { headers: PartHeaders; body: Gathered }[] = [];

  constructor(manner: Manner = 'at once') {
    this.#manner = manner;
  }

  /** Each as its headers in brackets and its content. */
  get seen(): string[] {
    return this.#parts.map(({ headers, body }) => {
      const lines = Array.from(headers, ([name, value]) => `${name}:${value}`).join(',');
      return `[${lines}]${body.bytes.toString('latin1')}${body.ended ? '' : ' …'}`;
    });
  }

  begin(headers: PartHeaders): ContentReceiver | Promise<ContentReceiver> {
    const body = new Gathered(this.#manner);
    this.#parts.push({ headers, body });
    return this.#manner === 'at once' ? body : setImmediate(body);
  }
}

async function read(
  message: string,
  boundary: string | undefined = 'b',
  cuts: readonly number[] = [],
): Promise<string[]> {
  const parts = new Parts();
  await feed(new MultipartReader(boundary, parts), cutAt(Buffer.from(message, 'latin1'), cuts));
  return parts.seen;
}

const everywhere = (message: string): number[] => Array.from(message, (_, n) => n / message.length);

const rows: readonly (readonly [string, string, readonly string[]])[] = [
  ['one part', '--b\r\n\r\nabc\r\n--b--', ['[]abc']],
  ['two parts', '--b\r\n\r\nabc\r\n--b\r\n\r\ndef\r\n--b--\r\n', ['[]abc', '[]def']],
  ['no part', '--b--', []],
  ['headers', '--b\r\nA: 1\r\nb-C:2 \r\n\r\nabc\r\n--b--', ['[a:1,b-c:2]abc']],
  ['a folded header', '--b\r\nA: 1\r\n\t2\r\n  3\r\n\r\nabc\r\n--b--', ['[a:1 \t2   3]abc']],
  ['the first of two headers of a name', '--b\r\nA: 1\r\na: 2\r\n\r\nabc\r\n--b--', ['[a:1]abc']],
  ['an empty part', '--b\r\n\r\n\r\n--b--', ['[]']],
  ['an empty part without a line of its own', '--b\r\nA: 1\r\n\r\n--b\r\n\r\n--b--', ['[a:1]', '[]']],
  ['a preamble and an epilogue', 'pre\r\namble --b\r\n--b\r\n\r\nabc\r\n--b--\r\n--b\r\n\r\nepilogue', ['[]abc']],
  ['an empty line first', '\r\n--b\r\n\r\nabc\r\n--b--', ['[]abc']],
  ['white space behind a delimiter', '--b \t\r\n\r\nabc\r\n--b \r\n\r\ndef\r\n--b--  ', ['[]abc', '[]def']],
  ['lines that end in LF alone', '--b\nA: 1\n\nabc\r\n\n--b\n\n\n--b\n\n--b--\n', ['[a:1]abc\r\n', '[]', '[]']],
  ['LF where CRLF is the custom', '--b\r\n\r\na\n--b\r\n\r\nb\r\n--b--', ['[]a\n--b\r\n\r\nb']],
  ['a header line that ends in LF alone', '--b\r\nA: 1\n\nabc\r\n--b--', ['[a:1]abc']],
  ['headers that end in LF alone, and LF again', '--b\r\nA: 1\n\n\n--b\r\nx\r\n--b--', ['[a:1]\n--b\r\nx']],
  ['an empty part whose headers end in LF alone', '--b\r\n\n\r\n--b--', ['[]']],
  [
    'content like a delimiter',
    '--b\r\n\r\n\r\n--a\r\n-b\r--b\n--b\r\n--bb\r\n--b-\r\n--b x\r\n--b\r\r\n--b--',
    ['[]\r\n--a\r\n-b\r--b\n--b\r\n--bb\r\n--b-\r\n--b x\r\n--b\r'],
  ],
  ['content that begins like a delimiter', '--b\r\n\r\n--bx\r\n--b--', ['[]--bx']],
  ['content that ends like one', '--b\r\n\r\nabc\r\n--b\r\r\n--b--', ['[]abc\r\n--b\r']],
  [
    'much white space behind what is no delimiter',
    `--b\r\n\r\n\r\n--b${' '.repeat(200)}\r\n--b--`,
    [`[]\r\n--b${' '.repeat(200)}`],
  ],
  [
    'bytes of every value',
    `--b\r\n\r\n${String.fromCharCode(...Array(256).keys())}\r\n--b--`,
    [`[]${String.fromCharCode(...Array(256).keys())}`],
  ],
];

test.each(rows)('%s', async (_, message, parts) => {
  expect(await read(message)).toEqual(parts);
});

test.each(rows)('%s, cut at every byte', async (_, message, parts) => {
  expect(await read(message, 'b', everywhere(message))).toEqual(parts);
});

test.each([
  ['', 'The multipart message does not hold its boundary.'],
  ['no delimiter', 'The multipart message does not hold its boundary.'],
  ['x--b--', 'The multipart message does not hold its boundary.'],
  ['--b\r\n', 'The multipart message has no closing delimiter.'],
  ['--b\r\n\r\nabc', 'The multipart message has no closing delimiter.'],
  ['--b\r\n\r\nabc\r\n--b', 'The multipart message has no closing delimiter.'],
  ['--b\r\n\r\nabc\r\n--b-', 'The multipart message has no closing delimiter.'],
  ['--b\r\n\r\nabc\r\n--b\r\n', 'The multipart message has no closing delimiter.'],
  ['--b\r\nA\r\n\r\nabc\r\n--b--', 'A part of the message has a header line that is none.'],
  ['--b\r\n A: 1\r\n\r\nabc\r\n--b--', 'A part of the message has a header line that is none.'],
  ['--b\r\nA: 1\r\n--b--\r\n\r\n', 'A part of the message has a header line that is none.'],
])('%j is refused', async (message, text) => {
  await expect(read(message)).rejects.toThrow(new UnreadableMessage(text));
});

test.each([
  [undefined, 'The Content-Type of the multipart message has no boundary.'],
  ['', 'The boundary of the multipart message is not valid.'],
  ['x'.repeat(71), 'The boundary of the multipart message is not valid.'],
  ['a ', 'The boundary of the multipart message is not valid.'],
  ['a\r\nb', 'The boundary of the multipart message is not valid.'],
  ['bé', 'The boundary of the multipart message is not valid.'],
])('the boundary %j is refused', (boundary, text) => {
  expect(() => new MultipartReader(boundary, new Parts())).toThrow(new UnreadableMessage(text));
});

test.each(['----FormBoundary', 'uuid:0f+id=1', "a 'b' (c)", 'x'.repeat(70)])(
  'the boundary %j is taken',
  async (boundary) => {
    expect(await read(`--${boundary}\r\n\r\nabc\r\n--${boundary}--`, boundary)).toEqual(['[]abc']);
  },
);

test('the headers of a part may be 16 KiB long and no longer', async () => {
  const longest = `A: ${'x'.repeat(16 * 1024 - 3 - 4)}`;
  expect(await read(`--b\r\n${longest}\r\n\r\nabc\r\n--b--`)).toHaveLength(1);
  await expect(read(`--b\r\n${longest}x\r\n\r\nabc\r\n--b--`)).rejects.toThrow(MessageTooLarge);
  await expect(read(`--b\r\n${'A: 1\r\n'.repeat(3000)}\r\n--b--`)).rejects.toThrow(MessageTooLarge);
});

test('the headers of all parts may be 128 KiB long together and no longer', async () => {
  const parts = `--b\r\nA: ${'x'.repeat(16 * 1024 - 3 - 4)}\r\n\r\nabc\r\n`.repeat(8);
  expect(await read(`${parts}--b--`)).toHaveLength(8);
  await expect(read(`${parts}--b\r\n\r\nabc\r\n--b--`)).rejects.toThrow(MessageTooLarge);
});

test('a message may have 1000 parts and no more', async () => {
  expect(await read(`--b\r\n${'\r\n--b\r\n'.repeat(1000)}--b--`.replace(/--b\r\n--b--$/, '--b--'))).toHaveLength(1000);
  await expect(read(`--b\r\n${'\r\n--b\r\n'.repeat(1001)}\r\n--b--`)).rejects.toThrow(MessageTooLarge);
});

test('1000 lines may begin with the boundary and delimit nothing, however they go on, and no more', async () => {
  const lines = ['x', '-x', '\rx', `${' '.repeat(100)}x`].map((rest) => `\r\n--b${rest}`);
  const content = lines.join('').repeat(250);
  const [seen] = await read(`--b\r\n\r\n${content}\r\n--b--`);
  expect(seen === `[]${content}`).toBe(true);
  const refusal = 'More than 1000 lines of the multipart message begin with its boundary and delimit nothing.';
  for (const line of lines) {
    const message = `--b\r\n\r\n${content}\r\n--b\r\n\r\n${line}\r\n--b--`;
    await expect(read(message)).rejects.toThrow(new UnreadableMessage(refusal));
  }
});

test('lines before the first part that begin with the boundary count as well', async () => {
  await expect(read(`${'--bx\n'.repeat(1001)}--b\r\n\r\nabc\r\n--b--`)).rejects.toThrow(UnreadableMessage);
});

test('content is handed on without being copied', () => {
  const pieces: Buffer[] = [];
  const body: ContentReceiver = { write: (bytes) => void pieces.push(bytes), end: () => undefined };
  const message = Buffer.from('--b\r\n\r\nabc\r\n--b--');
  expect(new MultipartReader('b', { begin: () => body }).write(message)).toBeUndefined();
  expect(pieces.map((piece) => [piece.buffer === message.buffer, piece.toString()])).toEqual([[true, 'abc']]);
});

test('what goes wrong in a receiver reaches whoever writes', async () => {
  const message = Buffer.from('--b\r\n\r\nabc\r\n--b--');
  const full = new Error('full');
  const failures: PartReceiver[] = [
    { begin: () => Promise.reject(full) },
    { begin: () => ({ write: () => Promise.reject(full), end: () => undefined }) },
    { begin: () => ({ write: () => undefined, end: () => Promise.reject(full) }) },
  ];
  for (const receiver of failures) {
    await expect(new MultipartReader('b', receiver).write(message)).rejects.toThrow(full);
  }
});

/** Content that is full of what looks like delimiters, and of none that is. */
const anyContent = fc
  .array(fc.constantFrom('\r', '\n', '\r\n', '-', '--', 'b', '--b', '\r\n--b', ' ', 'x'), { maxLength: 12 })
  .map((pieces) => pieces.join(''))
  .filter((content) => !/(^|\r\n)--b(--|[ \t]*\r?\n)/.test(`${content}\r\n`));

test('any parts, cut anywhere, are what was sent', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyContent, { maxLength: 4 }), anyCuts, anyManner, async (contents, cuts, manner) => {
      const message = `${contents.map((content) => `--b\r\nA: 1\r\n\r\n${content}\r\n`).join('')}--b--\r\n`;
      const parts = new Parts(manner);
      await feed(new MultipartReader('b', parts), cutAt(Buffer.from(message, 'latin1'), cuts));
      expect(parts.seen).toEqual(contents.map((content) => `[a:1]${content}`));
    }),
    { numRuns: 500 },
  );
});

test('any bytes at all give the same result whole and cut', async () => {
  const piece = fc.constantFrom(
    '\r',
    '\n',
    '\r\n',
    '-',
    '--',
    'b',
    '--b',
    '\r\n--b',
    '\r\n--b\r\n',
    ' ',
    'x:',
    '\r\n\r\n',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 16 }), anyCuts, async (pieces, cuts) => {
      const message = `--b\r\n${pieces.join('')}`;
      const outcome = (places: readonly number[]) =>
        read(message, 'b', places).catch((error: unknown) => String(error));
      expect(await outcome(cuts)).toEqual(await outcome([]));
    }),
    { numRuns: 1000 },
  );
});
