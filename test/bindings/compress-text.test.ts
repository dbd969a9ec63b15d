import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { CallerGone, sendAnswer } from '../../src/bindings/answer.js';
import { acceptsGzip, compressText } from '../../src/bindings/compress-text.js';
import { BufferPool } from '../../src/bindings/payload/buffer-pool.js';
import { MemoryBudget } from '../../src/bindings/payload/memory-budget.js';
import { TextBudget } from '../../src/bindings/payload/text-budget.js';
import { ReceivedCall } from '../../src/bindings/received-call.js';

const server = http.createServer();
let crowd: Received;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  crowd = await receive();
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

test.each([
  [undefined, false],
  ['', false],
  ['identity', false],
  ['deflate', false],
  ['gzip', true],
  ['GZIP', true],
  ['x-gzip', true],
  ['*', true],
  ['deflate, gzip', true],
  ['br;q=1.0, gzip;q=0.8, *;q=0.1', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000', false],
  ['gzip;q=0, *', false],
  ['*;q=0', false],
  ['identity;q=1, *;q=0.5', true],
  ['gzip;q=much', false],
  ['gzipped', false],
  [',,;', false],
])('Accept-Encoding %j is answered with gzip: %s', (header, isAccepted) => {
  expect(acceptsGzip(header)).toBe(isAccepted);
});

describe('a text', () => {
  const LONG = 'compressible '.repeat(100);

  test('is compressed when it is long and the caller takes it', async () => {
    const { body, headers } = await answerOf(LONG, { 'accept-encoding': 'gzip' });
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(body.length).toBeLessThan(LONG.length);
    expect(gunzipSync(body).toString()).toBe(LONG);
  });

  test('is not compressed when the caller does not take it, and caches are told that others may', async () => {
    const { body, headers } = await answerOf(LONG, {});
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers.vary).toBe('Accept-Encoding');
    expect(body.toString()).toBe(LONG);
  });

  test('is never compressed when it is shorter than 1 KiB', async () => {
    const { body, headers } = await answerOf('x'.repeat(1023), { 'accept-encoding': 'gzip' });
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers.vary).toBeUndefined();
    expect(body.length).toBe(1023);
  });
});

describe('texts that are compressed at the same time', () => {
  const SHORT = randomText(1_000_000);
  const LONG = randomText(20_000_000);
  /* Of which a thread makes so little that it does all at once. */
  const UNIFORM = 'x'.repeat(10_000_000);

  test('leave threads for others', async () => {
    const order: string[] = [];
    const compressed = Array.from({ length: 8 }, async () => {
      await compressText(crowd.response, UNIFORM, crowd.caller('192.0.2.1'));
      order.push('compressed');
    });
    for (let n = 0; n < 3; n++) await fs.stat('.');
    order.push('looked at the disk');
    await Promise.all(compressed);
    /* With all of them in the threads' queue, five are done before the disk is looked at. */
    expect(order.indexOf('looked at the disk')).toBeLessThan(4);
  });

  test('take turns by where their callers come from', async () => {
    const order: string[] = [];
    const addresses = [...Array<string>(5).fill('192.0.2.1'), '198.51.100.1'];
    const compressed = addresses.map(async (address) => {
      await compressText(crowd.response, SHORT, crowd.caller(address));
      order.push(address);
    });
    await Promise.all(compressed);
    expect(order.indexOf('198.51.100.1')).toBe(2);
  });

  test('are not waited for by who leaves', async () => {
    const order: string[] = [];
    const leaving = await receive();
    const first = compressText(crowd.response, LONG, crowd.caller('192.0.2.1')).then(() => order.push('compressed'));
    const second = compressText(leaving.response, SHORT, leaving.caller('192.0.2.1'));
    leaving.leave();
    expect(await second).toBeUndefined();
    order.push('left');
    await first;
    expect(order).toEqual(['left', 'compressed']);
  });

  test('are none of who has left before', async () => {
    const { caller, leave, response } = await receive();
    leave();
    await once(caller('192.0.2.1').gone, 'abort');
    expect(await compressText(response, SHORT, caller('192.0.2.1'))).toBeUndefined();
  });
});

describe('an answer that is compressed', () => {
  const answer = { status: 200, contentType: 'text/plain', text: 'compressible '.repeat(100_000) };
  const buffers = new BufferPool(new MemoryBudget(1), 1);

  test('counts for its length before', async () => {
    const { caller, response } = await receive();
    const given: string[] = [];
    const account = new TextBudget(100_000).open({ address: '192.0.2.1' }, () => given.push('up'));
    const sent = sendAnswer(response, answer, { caller: caller('192.0.2.1'), account, buffers });
    expect(given).toEqual(['up']);
    await sent;
  });

  test('is broken off when its caller has left', async () => {
    const { caller, leave, response } = await receive();
    leave();
    await once(caller('192.0.2.1').gone, 'abort');
    const account = new TextBudget(Infinity).open({ address: '192.0.2.1' }, () => undefined);
    await expect(sendAnswer(response, answer, { caller: caller('192.0.2.1'), account, buffers })).rejects.toThrow(
      CallerGone,
    );
  });
});

/** A request whose caller takes gzip. */
interface Received {
  readonly response: http.ServerResponse;
  /** The caller, as if from an address. */
  readonly caller: (address: string) => ReceivedCall;
  readonly leave: () => void;
}

async function receive(): Promise<Received> {
  const { port } = server.address() as AddressInfo;
  const sent = http.get({ host: '127.0.0.1', port, headers: { 'accept-encoding': 'gzip' }, agent: false });
  sent.on('error', () => undefined).on('response', (response) => response.resume());
  const [request, response] = (await once(server, 'request')) as [http.IncomingMessage, http.ServerResponse];
  return {
    response,
    caller: (address) => new ReceivedCall(request, address, new TextBudget(Infinity)),
    leave: () => void sent.destroy(),
  };
}

/** Takes long to compress. */
function randomText(length: number): string {
  return randomBytes(length / 2).toString('hex');
}

async function answerOf(
  text: string,
  headers: http.OutgoingHttpHeaders,
): Promise<{ headers: http.IncomingHttpHeaders; body: Buffer }> {
  const { port } = server.address() as AddressInfo;
  const asked = http.get({ host: '127.0.0.1', port, headers, agent: false });
  const [request, response] = (await once(server, 'request')) as [http.IncomingMessage, http.ServerResponse];
  response.end(await compressText(response, text, new ReceivedCall(request, '192.0.2.1', new TextBudget(Infinity))));
  const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
  return { headers: answer.headers, body: Buffer.concat(await answer.toArray()) };
}
