import { once } from 'node:events';
import net from 'node:net';
import type { Caller } from '../support/caller.js';
import { eventually } from '../support/eventually.js';
import { RunningService } from '../support/running-service.js';
import { openContents, readMetric } from '../support/server-figures.js';

/* Callers that go away before they have their answer. */

const MIB = 1024 * 1024;

let service: RunningService;
let caller: Caller;

beforeAll(async () => {
  /* 32 buffers. */
  service = await RunningService.start({ memory: '8MiB' });
  caller = await service.logIn();
  await caller.store('/Public/large.bin', Buffer.alloc(30 * MIB, 'x'));
});

afterAll(() => service.end());

test.each([
  ['one answer', 1],
  ['answers that wait for their turn on a connection', 4],
])('Who goes away in the middle of %s leaves no file open and no buffer taken', async (_what, requests) => {
  for (let n = 0; n < 12; n++) await leaveDuring(requests);
  await eventually(openContents, (files) => files === 0);
  await eventually(usedMemory, (bytes) => bytes === 0);
  expect((await caller.download('/Public/large.bin')).length).toBe(30 * MIB);
});

/* More than there are buffers, and a socket takes no more than a few MiB for a caller who takes nothing. */
test('Who takes nothing keeps no buffer from others, and leaves no file open when he goes', async () => {
  const sockets = await Promise.all(Array.from({ length: 40 }, () => ask(1)));
  await eventually(openContents, (files) => files === sockets.length);
  await eventually(usedMemory, (bytes) => bytes === 0);
  expect((await caller.download('/Public/large.bin')).length).toBe(30 * MIB);
  expect(await openContents()).toBe(sockets.length);
  for (const socket of sockets) socket.destroy();
  await eventually(openContents, (files) => files === 0);
});

/** Asks for a document several times on one connection, and goes away when the first bytes came. */
async function leaveDuring(requests: number): Promise<void> {
  const socket = await ask(requests);
  await once(socket, 'readable');
  socket.destroy();
}

async function ask(requests: number): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port: Number(new URL(service.url).port) });
  await once(socket, 'connect');
  const target = `/srv.asmx/DownloadDocument?authenticationTicket=${caller.ticket}&Path=/Public/large.bin`;
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(requests));
  return socket;
}

function usedMemory(): Promise<number> {
  return readMetric(service.url, 'lighterage_memory_budget_bytes{part="used"}');
}
