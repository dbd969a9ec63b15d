import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Writable } from 'node:stream';
import type { AddressInfo } from 'node:net';
import zlib from 'node:zlib';
import { UnreadableMessage } from '../../src/bindings/payload/argument-receiver.js';
import { TextBudget } from '../../src/bindings/payload/text-budget.js';
import { decodedBody, drain, readBody } from '../../src/bindings/request-body.js';
import { eventually } from '../support/eventually.js';

let server: http.Server;
let port: number;
let received: Promise<http.IncomingMessage>;

beforeEach(async () => {
  server = http.createServer();
  received = once(server, 'request').then(([request]) => request as http.IncomingMessage);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function send(coding: string, body: Buffer, length = body.length): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: ${coding}\r\nContent-Length: ${length}\r\n\r\n`);
  socket.write(body);
  return socket;
}

/** What bodies take is counted nowhere here. */
const UNLIMITED = new TextBudget(Infinity).open({ address: '192.0.2.1' }, () => undefined);

test.each([
  ['gzip', zlib.gzipSync('text')],
  ['x-gzip', zlib.gzipSync('text')],
  ['deflate', zlib.deflateSync('text')],
  ['identity', Buffer.from('text')],
])('A body in %s is decoded', async (coding, body) => {
  await send(coding, body);
  expect(await decodedBody(await received, UNLIMITED).toArray()).toEqual([Buffer.from('text')]);
});

test.each([
  ['that cannot be decompressed', Buffer.from('this is not compressed'), 0],
  ['that is cut off', zlib.gzipSync('text').subarray(0, 10), 100],
])('A body %s harms nobody when nobody reads it', async (_what, body, missing) => {
  const socket = await send('gzip', body, body.length + missing);
  const decoder = decodedBody(await received, UNLIMITED);
  if (missing > 0) socket.destroy();
  /* By then an error has been told to whoever listens. */
  await new Promise((resolve) => decoder.once('close', resolve));
  expect(decoder.errored).not.toBeNull();
});

test('A body that has come whole, and whose caller leaves before it has been read, ends as well', async () => {
  const socket = await send('gzip', zlib.gzipSync(randomBytes(50_000)));
  const request = await received;
  const decoder = decodedBody(request, UNLIMITED);
  await eventually(() => request.complete, Boolean);
  socket.destroy();
  await new Promise((resolve) => decoder.once('close', resolve));
  expect(decoder.errored).not.toBeNull();
});

test.each([
  ['has not come whole', 500_000],
  ['has come whole', 10],
])('What decodes a body is given up with a message that is refused when it %s', async (_when, length) => {
  await send('gzip', zlib.gzipSync(randomBytes(length)));
  const request = await received;
  let decoder: Writable | undefined;
  const pipe = request.pipe.bind(request);
  request.pipe = (destination) => {
    decoder = destination as unknown as Writable;
    return pipe(destination);
  };
  const refusing = { write: () => Promise.reject(new UnreadableMessage('no')), end: () => undefined };
  await expect(readBody(request, refusing, { account: UNLIMITED, idleLimit: 10_000 })).rejects.toThrow('no');
  expect(decoder?.destroyed).toBe(true);
  expect(await drain(request, 10_000, 1_000_000)).toBe(true);
});

test.each([
  ['Few', 'deflate', zlib.deflateSync('text'), Buffer.from('behind')],
  ['Few', 'gzip', zlib.gzipSync('text'), Buffer.alloc(6)],
  ['Many', 'deflate', zlib.deflateSync('text'), Buffer.alloc(300_000)],
  ['Many', 'gzip', zlib.gzipSync('text'), Buffer.alloc(300_000)],
])('%s bytes behind the end of a body in %s are refused, and skipped', async (_what, coding, body, behind) => {
  await send(coding, Buffer.concat([body, behind]));
  const request = await received;
  const reader = { write: () => undefined, end: () => undefined };
  await expect(readBody(request, reader, { account: UNLIMITED, idleLimit: 10_000 })).rejects.toThrow(
    new UnreadableMessage('There are bytes behind the end of the compressed body.'),
  );
  expect(await drain(request, 10_000)).toBe(true);
});

test('Of a body whose caller is gone nothing is waited for', async () => {
  const socket = await send('identity', Buffer.from('text'), 100);
  const request = await received;
  socket.destroy();
  request.on('error', () => undefined);
  await new Promise((resolve) => request.once('close', resolve));
  expect(await drain(request, 1_000_000)).toBe(false);
});
