import { once } from 'node:events';
import fs from 'node:fs/promises';
import net from 'node:net';
import type { Caller } from './support/caller.js';
import { eventually } from './support/eventually.js';
import { RunningService } from './support/running-service.js';

const MIB = 1024 * 1024;

let service: RunningService;
let caller: Caller;

beforeAll(async () => {
  service = await RunningService.start();
  caller = await service.logIn();
  await caller.store('/Public/large.bin', Buffer.alloc(16 * MIB, 'x'));
});

afterAll(() => service.end());

test.each([
  ['garbage', 'hello\r\n\r\n', '400 Bad Request'],
  ['another protocol', '\u0016\u0003\u0001\u0002\u0000\u0001', '400 Bad Request'],
  ['a request without a host', 'GET /healthz HTTP/1.1\r\n\r\n', '400 Bad Request'],
  ['a header with a line end of its own', 'GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n', '400 Bad Request'],
  [
    'two lengths',
    'POST /srv.asmx HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    '400 Bad Request',
  ],
  [
    'a length and chunks',
    'POST /srv.asmx HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    '400 Bad Request',
  ],
  ['an endless request line', `GET /${'x'.repeat(10 * MIB)}`, '414 URI Too Long'],
  ['endless headers', `GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(MIB)}`, '431 Request Header Fields Too Large'],
])('%s is answered in one line, and the connection is closed for good', async (_what, request, status) => {
  const [answer, socket] = await talk(request);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
  expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  socket.destroy();
});

test('What is no request does not get into the answer to the one before', async () => {
  const socket = await connect();
  const target = `/srv.asmx/DownloadDocument?authenticationTicket=${caller.ticket}&Path=/Public/large.bin`;
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(socket, 'readable');
  socket.write('this is not HTTP\r\n\r\n');
  const answer = await rest(socket);
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  expect(/^x*$/.test(body)).toBe(true);
  expect(answer).not.toContain('400 Bad Request');
});

test('A connection that was refused is closed, though the caller keeps its end open', async () => {
  const socket = net.connect({ host: '127.0.0.1', port: port(), allowHalfOpen: true });
  socket.resume().write('hello\r\n\r\n');
  await once(socket, 'end');
  const isHeld = async () => (await heldByServer()).includes(socket.localPort ?? 0);
  expect(await isHeld()).toBe(true);
  await eventually(isHeld, (held) => !held);
  socket.destroy();
});

/** The ports of callers whose connections a process holds at the server's end. */
async function heldByServer(): Promise<number[]> {
  const connections = (await fs.readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  /* Of a connection without an inode only the system still knows. */
  return connections
    .filter(([, local = '', , , , , , , , inode = '0']) => portOf(local) === port() && inode !== '0')
    .map(([, , remote = '']) => portOf(remote));
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}

async function talk(request: string): Promise<[answer: string, socket: net.Socket]> {
  const socket = await connect();
  socket.write(request, 'latin1');
  return [await rest(socket), socket];
}

async function connect(): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port: port() });
  await once(socket, 'connect');
  return socket;
}

/** What comes until the connection ends, or breaks. */
function rest(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => (text += piece));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

function port(): number {
  return Number(new URL(service.url).port);
}
