import { deflateSync, gzipSync } from 'node:zlib';
import { exchange, type Header, type WireAnswer } from './exchange.js';
import { call, echo, echoBytes, envelope11, FORM, post, soap11 } from './requests.js';
import { type RunningService, startProbe } from './services.js';

const MIB = 1024 * 1024;
const UNWANTED = 'The message has more than 16777216 bytes that belong to nothing.\n';

/** More than is taken of what means nothing. */
const SPACES = ' '.repeat(20 * MIB);

let probe: RunningService;

beforeAll(async () => {
  probe = await startProbe();
});

afterAll(() => probe.stop());

function send(envelope: string | Buffer, coding: string, operation?: string): Promise<WireAnswer> {
  const request = soap11(envelope, operation);
  return exchange(probe.port, { ...request, headers: [...request.headers, ['Content-Encoding', coding]] });
}

function sendForm(form: string, path = '/Echo'): Promise<WireAnswer> {
  const headers: readonly Header[] = [FORM, ['Content-Encoding', 'gzip']];
  return exchange(probe.port, post(path, gzipSync(form), headers));
}

function shown({ body, headers, status }: WireAnswer) {
  return { status, contentType: headers.get('content-type'), text: body.toString() };
}

test.each([
  ['gzip', gzipSync],
  ['GZIP', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['identity', (bytes: Buffer) => bytes],
])('a message in the coding %s is read', async (coding, encode) => {
  const answer = shown(await send(encode(Buffer.from(envelope11(echo()))), coding));
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('<root text="[x]" number="7" flag="True" xmlns="" />');
});

test('content in a compressed message is read', async () => {
  const data = Buffer.from('content '.repeat(1000)).toString('base64');
  const answer = shown(await send(gzipSync(envelope11(echoBytes(`<data>${data}</data>`))), 'gzip', 'EchoBytes'));
  expect(answer.text).toContain(' data="8000:63-6F-6E-74-65-6E-74-20-');
});

test.each([
  ['is cut off', () => gzipSync(envelope11(echo())).subarray(0, -12)],
  ['is damaged', () => damaged(gzipSync(envelope11(echo())))],
  ['is not compressed at all', () => Buffer.from(envelope11(echo()))],
])('a message that %s is refused with a reason', async (_what, body) => {
  const { status, text } = shown(await send(body(), 'gzip'));
  expect(status).toBe(400);
  expect(text).toContain('The body cannot be decompressed: ');
});

test('a message in a coding that is not known is refused with those that are', async () => {
  expect(shown(await send(envelope11(echo()), 'br'))).toEqual({
    status: 400,
    contentType: 'text/plain; charset=utf-8',
    text: 'The Content-Encoding br is not known; gzip and deflate are.\n',
  });
});

describe('a few bytes that decompress to many are refused', () => {
  const TOO_LONG = 'The message is longer than 1048576 bytes without its content.';

  test('as the text of a SOAP message', async () => {
    const bomb = gzipSync(envelope11(call('Echo', `<text>${SPACES}</text>`)));
    const answer = shown(await send(bomb, 'gzip'));
    expect(answer.status).toBe(413);
    expect(answer.text).toContain(`<faultstring>Server was unable to read request. ---&gt; ${TOO_LONG}</faultstring>`);
  });

  test('as white space behind the envelope', async () => {
    const answer = shown(await send(gzipSync(envelope11(echo()) + SPACES), 'gzip'));
    expect(answer.status).toBe(413);
    expect(answer.text).toContain(TOO_LONG);
  });

  test('as white space in content', async () => {
    const bomb = gzipSync(envelope11(echoBytes(`<data>YWJj${SPACES}</data>`)));
    const answer = shown(await send(bomb, 'gzip', 'EchoBytes'));
    expect(answer.status).toBe(413);
    expect(answer.text).toContain('There is much more white space in the base64 than content.');
  });

  test('as content', async () => {
    const bomb = gzipSync(envelope11(echoBytes(`<data>${'A'.repeat(96 * MIB)}</data>`)));
    const answer = shown(await send(bomb, 'gzip', 'EchoBytes'));
    expect(answer.status).toBe(413);
    expect(answer.text).toContain('The content is longer than 1048576 bytes.');
  });

  test('as a form', async () => {
    const answer = shown(await sendForm(`text=${SPACES}`));
    expect([answer.status, answer.contentType]).toEqual([413, 'text/plain; charset=utf-8']);
  });

  test('as white space in the content of a form', async () => {
    const answer = shown(await sendForm(`data=YWJj${'\n'.repeat(20 * MIB)}`, '/EchoBytes'));
    expect([answer.status, answer.contentType]).toEqual([413, 'text/plain; charset=utf-8']);
  });

  test.each([
    ['before the first part', SPACES],
    ['behind the last part', `--b--\r\n${SPACES}`],
  ])('%s of a form', async (_what, form) => {
    const headers: readonly Header[] = [
      ['Content-Type', 'multipart/form-data; boundary=b'],
      ['Content-Encoding', 'gzip'],
    ];
    const answer = shown(await exchange(probe.port, post('/Echo', gzipSync(form), headers)));
    expect([answer.status, answer.text]).toEqual([413, UNWANTED]);
  });

  test('as content that was there before', async () => {
    const bomb = gzipSync(envelope11(echoBytes(`<data>YWJj</data><data>${'A'.repeat(24 * MIB)}</data>`)));
    const answer = shown(await send(bomb, 'gzip', 'EchoBytes'));
    expect(answer.status).toBe(413);
    expect(answer.text).toContain(escaped(UNWANTED));
  });

  test('as a part that the envelope does not name', async () => {
    const message =
      `--b\r\nContent-Type: application/xop+xml\r\n\r\n${envelope11(echo())}\r\n` +
      `--b\r\nContent-ID: <other>\r\n\r\n${SPACES}\r\n--b--`;
    const headers: readonly Header[] = [
      ['Content-Type', 'multipart/related; type="application/xop+xml"; boundary=b'],
      ['SOAPAction', '"http://tempuri.org/Echo"'],
      ['Content-Encoding', 'gzip'],
    ];
    const answer = shown(await exchange(probe.port, post('', gzipSync(message), headers)));
    expect(answer.status).toBe(413);
    expect(answer.text).toContain(escaped(UNWANTED));
  });
});

describe('of a few bytes that decompress to a long value that cannot be read, the beginning is told', () => {
  const LONG = MIB - 100;

  test('in a form', async () => {
    const answer = shown(await sendForm(`number=${'<'.repeat(LONG)}`));
    expect(answer.status).toBe(500);
    expect(answer.text).toBe(
      `Cannot convert ${'&lt;'.repeat(1000)}… to System.Int32.\nParameter name: type ---> Input string was not in a correct format.\n`,
    );
  });

  test('in SOAP', async () => {
    const bomb = gzipSync(envelope11(echo({ flag: `<flag>${'x'.repeat(LONG - 1000)}</flag>` })));
    const answer = shown(await send(bomb, 'gzip'));
    expect(answer.status).toBe(500);
    expect(answer.text).toContain(`---&gt; The string '${'x'.repeat(1000)}…' is not a valid Boolean value.<`);
  });
});

describe('many small things in a message are refused', () => {
  test.each([
    ['elements', '<a/>'.repeat(2001)],
    ['elements in a header', '<text>x</text>' + '<b><c/></b>'.repeat(1001)],
    ['attributes', `<a ${numbered(2001, (n) => `a${n}=""`)}/>`],
    ['attributes of a tag that does not end', `<a ${numbered(2001, (n) => `a${n}=""`)}`],
    ['namespaces', `<a ${numbered(2001, (n) => `xmlns:a${n}="u"`)}/>`],
  ])('%s', async (_what, args) => {
    const answer = shown(await send(envelope11(call('Echo', args)), 'identity'));
    expect(answer.status).toBe(413);
    expect(answer.text).toMatch(/The message has more than 2000 (?:elements|attributes)\./);
  });

  test('names in a form', async () => {
    const answer = shown(await sendForm('a&'.repeat(1001)));
    expect([answer.status, answer.text]).toEqual([413, 'The message has more than 1000 names.\n']);
  });

  test('but not the bytes of content, each with its name', async () => {
    const answer = shown(await sendForm('data=65&'.repeat(5000), '/EchoBytes'));
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('5000:41-41-');
  });
});

function numbered(count: number, write: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => write(n)).join(' ');
}

/** As the text of a fault says it. */
function escaped(line: string): string {
  return `Server was unable to read request. ---&gt; ${line.trimEnd()}`;
}

/** The bytes with one of the compressed data changed. */
function damaged(compressed: Buffer): Buffer {
  const middle = compressed.length >> 1;
  compressed.writeUInt8(compressed.readUInt8(middle) ^ 0xff, middle);
  return compressed;
}
