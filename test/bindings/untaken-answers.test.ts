import { once } from 'node:events';
import net from 'node:net';
import v8 from 'node:v8';
import vm from 'node:vm';
import { newGuid } from '../../src/values/guid.js';
import type { VersionNumber } from '../../src/values/version-number.js';
import { AssembledService } from '../support/assembled-service.js';
import { GET, type HttpRequest, SOAP_11 } from '../support/bindings.js';
import type { Caller } from '../support/caller.js';
import { eventually } from '../support/eventually.js';
import { readFigures } from '../support/server-figures.js';

/* Answers that are longer than what a socket takes for a caller who takes nothing. */

const MIB = 1024 * 1024;
const FIRST = 1_000_000;

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as () => void;

/* 98 of them are a page, and 12 MB as UTF-8. */
const COMMENT = '\u4e2d'.repeat(40_000);

let service: AssembledService;
let caller: Caller;

beforeAll(async () => {
  service = await AssembledService.start({ users: ['anna'] });
  caller = await service.trust('anna');
  await caller.store('/Public/a.txt', Buffer.from('content'));
  const { queries } = service.database;
  const first = await queries.selectFrom('versions').selectAll().executeTakeFirstOrThrow();
  const numbers = Array.from({ length: 98 }, (_, n) => (FIRST + 1 + n) as VersionNumber);
  for (const number of numbers) {
    await queries
      .insertInto('versions')
      .values({ ...first, number, content_id: newGuid(), comment: COMMENT })
      .execute();
  }
});

afterAll(() => service.end());

test.each([GET, SOAP_11])(
  'Of a result nothing but the bytes of its text is kept until they have been taken, over $name',
  async (binding) => {
    const request = await binding.request('GetDocumentVersions', {
      AuthenticationTicket: caller.ticket,
      Path: '/Public/a.txt',
    });
    /* What others have left behind may go meanwhile, and code be compiled: once. */
    await eventually(
      () => heapOfUntaken(request),
      (bytes) => Math.abs(bytes) < MIB,
    );
  },
);

/** How much more is on the heap, where no bytes are, while four answers are not taken. */
async function heapOfUntaken(request: HttpRequest): Promise<number> {
  return (await heapWhileUntaken(request, 4)) - (await heapWhileUntaken(request, 0));
}

async function heapWhileUntaken(request: HttpRequest, answers: number): Promise<number> {
  const { descriptors } = await readFigures(process.pid);
  const sockets = await Promise.all(Array.from({ length: answers }, () => ask(request)));
  collect();
  const heap = process.memoryUsage().heapUsed;
  for (const socket of sockets) socket.destroy();
  await eventually(
    async () => (await readFigures(process.pid)).descriptors,
    (open) => open <= descriptors,
  );
  return heap;
}

/** Sends a request, and takes nothing of the answer. */
async function ask({ body = '', headers, method, path }: HttpRequest): Promise<net.Socket> {
  const socket = net.connect(Number(new URL(service.url).port), '127.0.0.1');
  const lines = Object.entries({ Host: 'x', 'Content-Length': body.length, ...headers });
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map((line) => `${line.join(': ')}\r\n`).join('')}\r\n`);
  socket.write(body);
  await once(socket, 'readable');
  return socket;
}
