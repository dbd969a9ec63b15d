import { deflateSync, gzipSync } from 'node:zlib';
import { exchange, type Header, type WireAnswer } from './exchange.js';
import { call, echo, echoBytes, envelope11, FORM, post, soap11 } from './requests.js';
import { type RunningService, startProbe } from './services.js';

const MIB = 1024 * 1024;
const SPACES = ' '.repeat(64 * MIB);

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
    const answer = shown(await sendForm(`data=YWJj${'\n'.repeat(64 * MIB)}`, '/EchoBytes'));
    expect([answer.status, answer.contentType]).toEqual([413, 'text/plain; charset=utf-8']);
  });
});

/** The bytes with one of the compressed data changed. */
function damaged(compressed: Buffer): Buffer {
  const middle = compressed.length >> 1;
  compressed.writeUInt8(compressed.readUInt8(middle) ^ 0xff, middle);
  return compressed;
}
