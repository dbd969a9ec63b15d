/**
 * Requests of all kinds with something wrong in them, against the server that `npm run build` has built:
 *
 *     npm run test:fuzz -- --requests 100000 --seed 7
 *     npm run test:fuzz -- --replay FILE
 *
 * Every request is answered in a documented form, or its connection is closed; the server stays alive, gives nothing away, and neither
 * its memory nor its open files grow. What does not hold is written to a file that can be replayed.
 */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Service } from '../../scripts/client/service.js';
import { RunningServer } from '../../scripts/running-server.js';
import { complaintOf } from '../support/complaint.js';
import { readFigures, readMetric } from '../support/server-figures.js';
import { talk } from './connection.js';
import { checkAnswer } from './documented-form.js';
import type { Message } from './messages.js';
import { mutateMessage, type Pieces } from './mutations.js';
import { Random } from './random.js';
import { furnish, makeSeeds, PAGES } from './seeds.js';

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '4000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    replay: { type: 'string' },
    finds: { type: 'string', default: path.join(os.tmpdir(), 'lighterage-finds') },
  },
});

const MIB = 1024 * 1024;
const PASSWORD = 'an administrator';

/** Callers at the same time. */
const CALLERS = 24;

/** How many requests before the server is looked at, and handlers are made anew. */
const ROUND = 2000;

/** How much more memory may be held at the end than after a fifth of the requests, bytes: what a collector may leave lying. */
const MOST_GROWTH = 96 * MIB;

/** How many finds are enough. */
const MOST_FINDS = 20;

const data = await fs.mkdtemp(path.join(os.tmpdir(), 'lighterage-fuzz-'));
const server = await RunningServer.start({
  data,
  adminPassword: PASSWORD,
  environment: {
    LIGHTERAGE_WORKERS: '1',
    LIGHTERAGE_READ_TIMEOUT: '2',
    LIGHTERAGE_MEMORY: '16MiB',
    LIGHTERAGE_LOG_LEVEL: 'error',
    LIGHTERAGE_MAX_HANDLERS: '0',
    LIGHTERAGE_MAX_CALL_RATE: '0',
    /* A heap that is collected before it can hide what is lost in it. */
    NODE_OPTIONS: '--max-old-space-size=128',
  },
});
const service = new Service(`${server.url}/srv.asmx`);
const port = Number(new URL(server.url).port);
const outcomes = new Map<string, number>();
let finds = 0;
let hasComplained = false;

try {
  if (options.replay === undefined) await fuzz(Number(options.requests), Number(options.seed));
  else await replay(options.replay);
} finally {
  await server.stop().catch((error: unknown) => find(`The server did not stop: ${String(error)}`, []));
  await fs.rm(data, { recursive: true, force: true });
}
for (const [outcome, count] of [...outcomes].sort((a, b) => b[1] - a[1]))
  console.log(`${String(count).padStart(8)}  ${outcome}`);
console.log(finds === 0 ? 'Nothing was found.' : `${finds} found, in ${options.finds}`);
process.exitCode = finds === 0 ? 0 : 1;

async function fuzz(requests: number, seed: number): Promise<void> {
  console.log(`${requests} requests, seed ${seed}`);
  const [own, ...spare] = await logInOften(3 + Math.ceil(requests / 10_000));
  await furnish({ service, ticket: own });
  const before = await readFigures(server.pid);
  let warm = before.memory;
  for (let done = 0; done < requests && finds < MOST_FINDS; done += ROUND) {
    const count = Math.min(ROUND, requests - done);
    const premises = { service, ticket: await firstValid(spare) };
    await round(new Random(seed + done), count, [...(await makeSeeds(premises)), ...PAGES]);
    await control(own);
    const { memory } = await readFigures(server.pid);
    if (done < requests / 5) warm = Math.max(warm, memory);
    console.log(`${String(done + count).padStart(8)}  ${Math.round(memory / MIB)} MiB`);
  }
  await checkRest(before.descriptors, warm);
}

/** Sessions enough: a log-out with the ticket of another request comes together now and then, and log-ins are slowed down by then. */
async function logInOften(times: number): Promise<[string, ...string[]]> {
  const first = await logIn();
  const more: string[] = [];
  while (more.length < times) more.push(await logIn());
  return [first, ...more];
}

async function firstValid(tickets: string[]): Promise<string> {
  for (;;) {
    const [ticket] = tickets;
    if (ticket === undefined) throw new Error('All sessions have ended.');
    const { attributes } = await service.ask('POST', 'isValidTicket', { AuthenticationTicket: ticket });
    if (attributes['success'] === 'true') return ticket;
    tickets.shift();
  }
}

/** Several callers, each with its own random numbers: what one sends does not depend on when others are answered. */
async function round(random: Random, count: number, seeds: readonly Message[]): Promise<void> {
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, n) => {
      const own = new Random(random.below(2 ** 31) + n);
      for (let left = Math.ceil(count / CALLERS); left > 0 && finds < MOST_FINDS; left--) {
        await send(mutateMessage(own.pick(seeds), own, own.pick(seeds)));
      }
    }),
  );
}

async function send(pieces: Pieces): Promise<void> {
  try {
    const received = await talk(port, pieces);
    const outcome = checkAnswer(received, Buffer.concat(pieces).toString('latin1', 0, 4) === 'HEAD', data);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  } catch (error) {
    await find(error instanceof Error ? error.message : String(error), pieces);
  }
}

/** Requests with nothing wrong in them. */
async function control(ticket: string): Promise<void> {
  try {
    await service.call('SOAP 1.1', 'FolderExists', { authenticationTicket: ticket, Path: '/Public' });
    await service.call('GET', 'GetDownloadInfo', { AuthenticationTicket: ticket, Path: '/Public/fuzz.txt' });
  } catch (error) {
    await find(`A request with nothing wrong in it was not served: ${String(error)}`, []);
  }
  await listen();
}

/** Once is enough. */
async function listen(): Promise<void> {
  const complaint = complaintOf(server);
  if (hasComplained || complaint === undefined) return;
  hasComplained = true;
  await find(complaint, []);
}

/** Everything is given back once all callers are gone. */
async function checkRest(descriptors: number, warm: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  let left = await readFigures(server.pid);
  while ((left.contents > 0 || left.descriptors > descriptors + 20) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    left = await readFigures(server.pid);
  }
  console.log(`Memory after warming up ${Math.round(warm / MIB)} MiB, at the end ${Math.round(left.memory / MIB)} MiB`);
  if (left.contents > 0) await find(`${left.contents} files of the content store are still open.`, []);
  if (left.descriptors > descriptors + 20)
    await find(`${left.descriptors} files are open; there were ${descriptors}.`, []);
  if (left.memory > warm + MOST_GROWTH) await find(`The memory grew to ${left.memory} from ${warm} bytes.`, []);
  const used = await readMetric(server.url, 'lighterage_memory_budget_bytes{part="used"}');
  if (used !== 0) await find(`${used} bytes of the budget for buffers are still held.`, []);
}

async function find(why: string, pieces: Pieces): Promise<void> {
  finds++;
  await fs.mkdir(options.finds, { recursive: true });
  const file = path.join(options.finds, `${options.seed}-${finds}.json`);
  const shown = Buffer.concat(pieces).toString('latin1').slice(0, 2000);
  await fs.writeFile(
    file,
    JSON.stringify({ why, shown, pieces: pieces.map((piece) => piece.toString('base64')) }, undefined, 2),
  );
  console.error(`FOUND ${file}: ${why.slice(0, 2000)}`);
}

async function replay(file: string): Promise<void> {
  const { pieces } = JSON.parse(await fs.readFile(file, 'utf8')) as { pieces: string[] };
  const bytes = pieces.map((piece) => Buffer.from(piece, 'base64'));
  await furnish({ service, ticket: await logIn() });
  console.log((await talk(port, bytes)).toString());
  await send(bytes);
}

async function logIn(): Promise<string> {
  const answer = await service.ask('POST', 'AuthenticateUser', { UID: 'admin', PWD: PASSWORD });
  const { ticket } = answer.attributes;
  if (ticket === undefined) throw new Error('The log-in was refused.');
  return ticket;
}
