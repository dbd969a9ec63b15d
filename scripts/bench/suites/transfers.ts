import fs from 'node:fs';
import path from 'node:path';
import { type BenchContext, makePlace } from '../bench-context.js';
import { LoadGenerator } from '../load-generator.js';
import { bringMemory } from '../memory-at-hand.js';
import { summarizeProfile } from '../profile.js';
import type { DownloadJob, LoadJob, LoadReport, UploadJob } from '../programs/load/load-job.js';
import type { Direction, TransferResult } from '../results.js';
import type { Contestant, Workplace } from '../servers/contestant.js';
import { median, percentile } from '../statistics.js';
import { GIB, KIB, MIB, sizeText } from '../units.js';
import { makeCargo, CARGO_SIZE } from './cargo-file.js';
import { DOWNLOADS, NAMES, type Role, UPLOADS } from './contestants.js';

/** A chunk size and a number of connections. */
interface Cell {
  readonly chunkSize: number;
  readonly connections: number;
}

/** When a turn ends: after so many seconds, or so many requests on each connection. */
type TurnLimit = Pick<UploadJob, 'seconds' | 'requests'>;

/** One turn of one contestant. */
interface Turn extends LoadReport {
  readonly user: number;
  readonly system: number;
  readonly memory: number;
}

/** A contestant in a cell, with the turns it has had. */
interface Entry {
  readonly role: Role<string>;
  readonly contestant: Contestant;
  readonly turns: Turn[];
  failure: string | undefined;
}

/**
 * What warms a server up: calls so many that its code has been compiled for speed, as it is in a server that has run for an hour.
 */
const WARM_UP: Cell = { chunkSize: 64 * KIB, connections: 4 };
const WARM_UP_LIMIT: TurnLimit = { seconds: 6, requests: 3000 };

/** Then some seconds of the work in question, where that is little to do, s and bytes: some servers are quick until their heap has grown. */
const CELL_WARM_UP_SECONDS = 5;
const LITTLE = 256 * MIB;

/** A turn in which the server got little of the processor is made longer, so many times: on a busy machine the first moments would be all there is. */
const LONGEST_TURN = 4;
const ENOUGH_OF_A_TURN = 0.7;

/** A contestant that has taken this long has no further turn: it has nothing to gain, s. */
const PATIENCE = 12;

/** Turns under the profiler are at least this long, s, and have so many connections. */
const PROFILE_SECONDS = 2;
const PROFILE_CONNECTIONS = 4;

/** What is the same in both directions but for the job. */
interface Transfer {
  readonly direction: Direction;
  readonly roles: readonly Role<string>[];
  readonly cargo: string | undefined;
  run(load: LoadGenerator, entry: Pick<Entry, 'role' | 'contestant'>, cell: Cell, limit: TurnLimit): Promise<Turn>;
}

/** UploadFileChunk, with every size and number of connections that was asked for. */
export async function compareUploads(context: BenchContext): Promise<void> {
  const roles = UPLOADS.filter((role) => isWanted(context, role, 'upload-'));
  await compare(context, { direction: 'upload', roles, cargo: undefined, run: upload });
}

/** DownloadFileChunk, likewise. */
export async function compareDownloads(context: BenchContext): Promise<void> {
  const roles = DOWNLOADS.filter((role) => isWanted(context, role, 'download-'));
  const cargo = makeCargo(makePlace(context, 'cargo'));
  await compare(context, { direction: 'download', roles, cargo, run: download });
  fs.rmSync(cargo);
}

function isWanted({ options }: BenchContext, { suite }: Role<string>, prefix: string): boolean {
  const isAsked = [...options.suites].some((wanted) => wanted.startsWith(prefix));
  return isAsked && (suite === undefined || options.suites.has(suite));
}

async function compare(context: BenchContext, transfer: Transfer): Promise<void> {
  const { chunkSizes, connections, profile } = context.options;
  if (transfer.roles.length === 0) return;
  for (const chunkSize of chunkSizes) {
    await compareSize(
      context,
      transfer,
      connections.map((count) => ({ chunkSize, connections: count })),
    );
  }
  if (!profile) return;
  /* The smallest chunks show what a call costs, the largest what the bytes cost. */
  const extremes = new Set([Math.min(...chunkSizes), Math.max(...chunkSizes)]);
  for (const role of transfer.roles.filter(isProduct)) {
    for (const chunkSize of extremes) {
      await profileRole(context, transfer, role, { chunkSize, connections: PROFILE_CONNECTIONS });
    }
  }
}

function isProduct({ name }: Role<string>): boolean {
  return name !== NAMES.bare && name !== NAMES.nodeSoap && name !== NAMES.tus;
}

/** Cells of one chunk size, with contestants in processes that have seen nothing but these. */
async function compareSize(context: BenchContext, transfer: Transfer, cells: readonly Cell[]): Promise<void> {
  const load = new LoadGenerator(context.programs, context.cores.load);
  const entries: Entry[] = [];
  try {
    for (const role of transfer.roles) {
      const contestant = await role.start(workplaceFor(context, transfer, role, []));
      entries.push({ role, contestant, turns: [], failure: undefined });
    }
    for (const entry of entries) await attempt(entry, () => transfer.run(load, entry, WARM_UP, WARM_UP_LIMIT));
    for (const cell of cells) await compareCell(context, transfer, load, entries, cell);
  } finally {
    load.stop();
    for (const { contestant } of entries) await contestant.process.stop();
  }
}

/** All contestants in turns, A B C, B C A, … */
async function compareCell(
  context: BenchContext,
  transfer: Transfer,
  load: LoadGenerator,
  entries: readonly Entry[],
  cell: Cell,
): Promise<void> {
  const { options, tell } = context;
  tell(`\n${transfer.direction}, chunks of ${sizeText(cell.chunkSize)}, connections: ${cell.connections}`);
  for (const entry of entries) {
    if (entry.failure === undefined && cell.chunkSize * cell.connections <= LITTLE) {
      await attempt(entry, () => transfer.run(load, entry, cell, { seconds: CELL_WARM_UP_SECONDS }));
    }
    entry.turns.length = 0;
    if (entry.failure === undefined) entry.contestant.process.resetPeak();
  }
  for (let round = 0; round < options.rounds; round++) {
    /* Who comes first changes: what one leaves to the disk to do, the next one may feel. */
    const order = [...entries.slice(round % entries.length), ...entries.slice(0, round % entries.length)];
    for (const entry of order) {
      const spent = entry.turns.reduce((sum, turn) => sum + turn.seconds, 0);
      if (entry.failure === undefined && spent < PATIENCE) {
        if (transfer.direction === 'upload') bringMemory(context.workplace);
        await attempt(entry, () => wholeTurn(options.seconds, (limit) => transfer.run(load, entry, cell, limit)));
      }
    }
  }
  for (const entry of entries) record(context, transfer.direction, cell, entry);
}

/** A turn in which the server has had the processor for about as long as the turn is to last. */
async function wholeTurn(seconds: number, run: (limit: TurnLimit) => Promise<Turn>): Promise<Turn> {
  let turn = await run({ seconds });
  for (let n = 1; n < LONGEST_TURN && turn.user + turn.system < seconds * ENOUGH_OF_A_TURN; n++) {
    turn = joined(turn, await run({ seconds }));
  }
  return turn;
}

function joined(a: Turn, b: Turn): Turn {
  return {
    requests: a.requests + b.requests,
    bytes: a.bytes + b.bytes,
    seconds: a.seconds + b.seconds,
    latencies: [...a.latencies, ...b.latencies],
    ownCpu: a.ownCpu + b.ownCpu,
    user: a.user + b.user,
    system: a.system + b.system,
    memory: Math.max(a.memory, b.memory),
  };
}

async function attempt(entry: Entry, run: () => Promise<Turn>): Promise<void> {
  try {
    entry.turns.push(await run());
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    entry.failure = entry.contestant.process.isRunning ? message : `its process ended: ${message}`;
  }
}

function workplaceFor(
  context: BenchContext,
  { cargo }: Transfer,
  role: Role<string>,
  nodeOptions: readonly string[],
): Workplace {
  const { cores, programs } = context;
  return { directory: makePlace(context, role.name), cargo, programs, cores: cores.server, nodeOptions };
}

async function upload(
  load: LoadGenerator,
  { role, contestant }: Pick<Entry, 'role' | 'contestant'>,
  { chunkSize, connections }: Cell,
  limit: TurnLimit,
): Promise<Turn> {
  const places = await contestant.openUploads(connections);
  try {
    const format = role.format as UploadJob['format'];
    return await measure(load, contestant, { kind: 'upload', format, chunkSize, ...limit, ...places });
  } finally {
    await contestant.discardUploads().catch(() => undefined);
  }
}

async function download(
  load: LoadGenerator,
  { role, contestant }: Pick<Entry, 'role' | 'contestant'>,
  { chunkSize, connections }: Cell,
  limit: TurnLimit,
): Promise<Turn> {
  const ways = await contestant.openDownloads(connections);
  const format = role.format as DownloadJob['format'];
  return measure(load, contestant, { kind: 'download', format, chunkSize, fileSize: CARGO_SIZE, ...limit, ...ways });
}

/** Carries out a job and sees what the server used for it. */
export async function measure(
  load: LoadGenerator,
  { process }: Pick<Contestant, 'process'>,
  job: LoadJob,
): Promise<Turn> {
  const before = await process.cpuTime();
  const report = await load.run(job);
  const after = await process.cpuTime();
  return {
    ...report,
    user: after.user - before.user,
    system: after.system - before.system,
    memory: process.peakAboveIdle,
  };
}

function record({ results, tell }: BenchContext, direction: Direction, cell: Cell, entry: Entry): void {
  const { failure, role, turns } = entry;
  if (turns.length === 0 || failure !== undefined) {
    const reason = failure ?? 'not measured';
    results.absences.push({ direction, contestant: role.name, ...cell, reason });
    tell(`  ${role.name}: ${reason}`);
    return;
  }
  const result = resultOf(direction, role.name, cell, turns);
  results.transfers.push(result);
  const cpu = (result.user + result.system).toFixed(2);
  tell(`  ${role.name.padEnd(12)} ${cpu} s/GiB, ${result.throughput.toFixed(0)} MiB/s, ${sizeText(result.memory)}`);
}

function resultOf(direction: Direction, contestant: string, cell: Cell, turns: readonly Turn[]): TransferResult {
  const perGib = (pick: (turn: Turn) => number): number => median(turns.map((turn) => pick(turn) / (turn.bytes / GIB)));
  const latencies = turns.flatMap((turn) => turn.latencies).sort((a, b) => a - b);
  const typical = turns.find((turn) => cpuOf(turn) === median(turns.map(cpuOf))) ?? turns[0];
  return {
    direction,
    contestant,
    ...cell,
    throughput: median(turns.map((turn) => turn.bytes / MIB / turn.seconds)),
    user: typical ? typical.user / (typical.bytes / GIB) : Number.NaN,
    system: typical ? typical.system / (typical.bytes / GIB) : Number.NaN,
    memory: Math.max(...turns.map((turn) => turn.memory)),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    load: perGib((turn) => turn.ownCpu),
  };
}

/** Processor time per byte. */
function cpuOf(turn: Turn): number {
  return (turn.user + turn.system) / turn.bytes;
}

/** One more turn, with Node.js's profiler in the process. */
async function profileRole(context: BenchContext, transfer: Transfer, role: Role<string>, cell: Cell): Promise<void> {
  const { options, programs, cores, results } = context;
  const profiles = makePlace(context, 'profiles');
  const nodeOptions = ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const load = new LoadGenerator(programs, cores.load);
  const contestant = await role.start(workplaceFor(context, transfer, role, nodeOptions));
  try {
    await transfer.run(load, { role, contestant }, WARM_UP, WARM_UP_LIMIT);
    const from = process.hrtime.bigint();
    await transfer.run(load, { role, contestant }, cell, { seconds: Math.max(PROFILE_SECONDS, options.seconds) });
    const until = process.hrtime.bigint();
    await contestant.process.stop();
    const [file] = fs.readdirSync(profiles);
    if (file === undefined) return;
    const functions = summarizeProfile(path.join(profiles, file), from, until);
    const operation = transfer.direction === 'upload' ? 'UploadFileChunk' : 'DownloadFileChunk';
    const work = `${operation}, ${role.name}, ${sizeText(cell.chunkSize)}, connections: ${cell.connections}`;
    results.profiles.push({ work, functions });
  } catch {
    /* What cannot be measured has been told where it was to be measured. */
  } finally {
    load.stop();
    await contestant.process.stop();
  }
}
