/**
 * What people do who mean harm, against the server that `npm run build` has built: `npm run test:hostile`, or with the beginnings of names of
 * attacks. All the while somebody else is served; afterwards everything is given back.
 */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Service } from '../../scripts/client/service.js';
import { RunningServer } from '../../scripts/running-server.js';
import { complaintOf } from '../support/complaint.js';
import { readFigures, readMetric } from '../support/server-figures.js';
import { Attacker } from './attacker.js';
import { Bystander } from './bystander.js';
import { CONNECTIONS, MAX_WAITING, READ_TIMEOUT } from './connections.js';
import { MESSAGES } from './messages.js';
import type { Attack } from './premises.js';

const MIB = 1024 * 1024;
const PASSWORD = 'an administrator';

/**
 * How long anybody else may have to wait, ms: that is the promise, whatever others do. On a machine with two cores to itself the longest wait is
 * between 100 and 700, when a hundred connections begin at once. A machine that is busy with other things may stop everybody for longer; so an
 * attack counts as one that holds others up when it does each time of a few.
 */
const LONGEST_WAIT = 1_000;
const TRIES = 3;

/** How much memory the server may have at any time when attacks are over, bytes. */
const MOST_MEMORY = 400 * MIB;

/** How long until everything is given back, ms. */
const PATIENCE_MS = 30_000;

const chosen = process.argv.slice(2);
const data = await fs.mkdtemp(path.join(os.tmpdir(), 'lighterage-hostile-'));
const server = await RunningServer.start({
  data,
  adminPassword: PASSWORD,
  environment: {
    LIGHTERAGE_WORKERS: '1',
    LIGHTERAGE_READ_TIMEOUT: String(READ_TIMEOUT),
    LIGHTERAGE_MEMORY: '16MiB',
    LIGHTERAGE_MAX_WAITING: String(MAX_WAITING),
    LIGHTERAGE_LOG_LEVEL: 'error',
    LIGHTERAGE_MAX_CALL_RATE: '0',
  },
});
const service = new Service(`${server.url}/srv.asmx`);
const port = Number(new URL(server.url).port);
const failures: string[] = [];

try {
  await attackAll();
} finally {
  await server.stop().catch((error: unknown) => fail(`The server did not stop: ${String(error)}`));
  await fs.rm(data, { recursive: true, force: true });
}
console.log(
  failures.length === 0 ? 'Everybody else was served, and everything was given back.' : `${failures.length} failed.`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

async function attackAll(): Promise<void> {
  const { ticket = '' } = (await service.call('POST', 'AuthenticateUser', { UID: 'admin', PWD: PASSWORD })).attributes;
  for (const [name, size] of [
    ['small', 10_000],
    ['large', 30 * MIB],
  ] as const) {
    await service.call('POST', 'UploadDocument', {
      authenticationTicket: ticket,
      path: `/Public/${name}.bin`,
      fileContent: Buffer.alloc(size, name),
    });
  }
  const bystander = new Bystander(service, ticket);
  const { descriptors } = await readFigures(server.pid);
  for (const attack of [...MESSAGES, ...CONNECTIONS]) {
    if (chosen.length > 0 && !chosen.some((name) => attack.name.startsWith(name))) continue;
    for (const one of await tryAttack(attack, bystander, ticket, descriptors)) fail(`${attack.name}: ${one}`);
  }
  await bystander.leave();
  const complaint = complaintOf(server);
  if (complaint !== undefined) fail(complaint);
}

/** Attacks, again where others had to wait too long. Returns what was wrong the last time. */
async function tryAttack(
  attack: Attack,
  bystander: Bystander,
  ticket: string,
  descriptors: number,
  tries = TRIES,
): Promise<string[]> {
  bystander.takeLongest();
  const trouble = await run(attack, ticket, descriptors).catch((error: unknown) => [String(error)]);
  const { calls, failures: refused, longest } = bystander.takeLongest();
  const { memory } = await readFigures(server.pid);
  console.log(
    `${attack.name}: ${calls} calls of others, the longest ${Math.round(longest)} ms; ${Math.round(memory / MIB)} MiB`,
  );
  const all = [...trouble, ...refused];
  if (memory > MOST_MEMORY) all.push(`The server has ${Math.round(memory / MIB)} MiB.`);
  if (longest <= LONGEST_WAIT) return all;
  if (all.length === 0 && tries > 1) return tryAttack(attack, bystander, ticket, descriptors, tries - 1);
  return [...all, `Somebody else waited for ${Math.round(longest)} ms.`];
}

/** Returns what is wrong afterwards. */
async function run(attack: Attack, ticket: string, descriptors: number): Promise<string[]> {
  const attacker = new Attacker(port);
  const opened = await service.call('POST', 'CreateUploadHandler', { authenticationTicket: ticket });
  const handler = opened.attributes['UploadHandler'] ?? '';
  try {
    await attack.run({ attacker, ticket, handler, figures: () => readFigures(server.pid) });
  } finally {
    attacker.leave();
  }
  return [...(await checkRest(descriptors)), ...(await checkTurn(ticket, handler))];
}

/** Files, connections and buffers are given back once the attackers are gone. The bystander has some at times. */
async function checkRest(descriptors: number): Promise<string[]> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const left = await readFigures(server.pid);
    const waiting = await readMetric(server.url, 'lighterage_memory_waiting');
    const used = await readMetric(server.url, 'lighterage_memory_budget_bytes{part="used"}');
    if (left.contents <= 2 && left.descriptors <= descriptors + 10 && waiting === 0 && used <= MIB) return [];
    if (performance.now() > deadline) return [`Not given back: ${JSON.stringify({ ...left, waiting, used })}`];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The handler that was attacked still takes a chunk. */
async function checkTurn(ticket: string, handler: string): Promise<string[]> {
  const chunk = {
    authenticationTicket: ticket,
    uploadHandler: handler,
    fileChunk: Buffer.from('abc'),
    chunkHEXCRC: '352441C2',
    lastChunk: false,
  };
  const { attributes } = await service.ask('POST', 'UploadFileChunk', chunk);
  return attributes['success'] === 'true' ? [] : [`The handler takes no chunk any more: ${JSON.stringify(attributes)}`];
}

function fail(why: string): void {
  failures.push(why);
  console.error(`FAILED ${why.slice(0, 3000)}`);
}
