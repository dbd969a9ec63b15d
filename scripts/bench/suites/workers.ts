import fs from 'node:fs';
import os from 'node:os';
import { type BenchContext, makePlace } from '../bench-context.js';
import { anyCore, type Cores, sharedCores } from '../cores.js';
import { LoadGenerator } from '../load-generator.js';
import { bringMemory } from '../memory-at-hand.js';
import { busyTime } from '../machine-load.js';
import type { DownloadJob, UploadJob } from '../programs/load/load-job.js';
import type { Direction, WorkersResult } from '../results.js';
import { CARGO_PATH, Product } from '../servers/product.js';
import { median } from '../statistics.js';
import { GIB, MIB } from '../units.js';
import { CARGO_SIZE, makeCargo } from './cargo-file.js';
import { measure } from './transfers.js';

const CONNECTIONS = 16;
const CHUNK_SIZE = MIB;
const WARM_UP_SECONDS = 3;

interface Turn extends Awaited<ReturnType<typeof measure>> {
  /** How long the machine's cores were busy during the turn, s. */
  readonly busy: number;
}

type Arrangement = WorkersResult['arrangement'];

/** The cores for a server with so many workers and its load; undefined when it cannot be had here. */
const ARRANGEMENTS: Readonly<Record<Arrangement, (workers: number) => Cores | undefined>> = {
  'a core for each worker': sharedCores,
  'all cores': () => anyCore,
};

/** A server with a number of workers, the load generator on its cores, and the turns it has had. */
interface Crew {
  readonly server: Product;
  readonly load: LoadGenerator;
  readonly turns: Turn[];
}

/** How much more two workers do than one. */
export async function compareWorkers(context: BenchContext): Promise<void> {
  const cargo = makeCargo(makePlace(context, 'cargo'));
  for (const arrangement of Object.keys(ARRANGEMENTS) as Arrangement[]) {
    for (const direction of ['upload', 'download'] as const) {
      await compareDirection(context, direction, arrangement, cargo);
    }
  }
  fs.rmSync(cargo);
}

async function compareDirection(
  context: BenchContext,
  direction: Direction,
  arrangement: Arrangement,
  cargo: string,
): Promise<void> {
  const { options, programs, results, tell, workplace } = context;
  tell(`\none worker and two: ${direction}, ${arrangement}`);
  const crews: Crew[] = [];
  try {
    for (const workers of [1, 2]) {
      const cores = ARRANGEMENTS[arrangement](workers);
      if (!cores) return;
      const data = `${makePlace(context, `workers-${workers}`)}/data`;
      const server = await Product.start({ data, cores: cores.server, workers });
      const crew = { server, load: new LoadGenerator(programs, cores.load), turns: [] };
      crews.push(crew);
      await server.store(cargo, CARGO_PATH);
      await turn(crew, direction, WARM_UP_SECONDS);
    }
    for (let round = 0; round < options.rounds; round++) {
      for (const crew of crews) {
        if (direction === 'upload') bringMemory(workplace);
        crew.turns.push(await turn(crew, direction, options.seconds));
      }
    }
  } finally {
    for (const { load } of crews) load.stop();
    for (const { server } of crews) await server.process.stop();
  }
  const [one, two] = crews;
  if (!one || !two) return;
  const throughput = (turns: readonly Turn[]): number =>
    median(turns.map(({ bytes, seconds }) => bytes / MIB / seconds));
  const cpu = (turns: readonly Turn[]): number => median(turns.map((t) => (t.user + t.system) / (t.bytes / GIB)));
  const cores = os.availableParallelism();
  const share = (seconds: (turn: Turn) => number): number =>
    median(two.turns.map((each) => Math.max(0, seconds(each)) / each.seconds / cores));
  const result = {
    direction,
    arrangement,
    chunkSize: CHUNK_SIZE,
    connections: CONNECTIONS,
    one: throughput(one.turns),
    two: throughput(two.turns),
    cpuOfOne: cpu(one.turns),
    cpuOfTwo: cpu(two.turns),
    serverShare: share(({ system, user }) => user + system),
    loadShare: share(({ ownCpu }) => ownCpu),
    othersShare: share(({ busy, ownCpu, system, user }) => busy - ownCpu - user - system),
  };
  results.workers.push(result);
  tell(
    `  ${result.one.toFixed(0)} and ${result.two.toFixed(0)} MiB/s: ${(result.two / result.one).toFixed(2)} times; ` +
      `the load generator took ${(result.loadShare * 100).toFixed(0)} % of all cores`,
  );
}

async function turn({ load, server }: Crew, direction: Direction, seconds: number): Promise<Turn> {
  const job = await jobOf(server, direction, seconds);
  const before = busyTime();
  const result = await measure(load, server, job);
  const busy = busyTime() - before;
  await server.discardUploads();
  return { ...result, busy };
}

async function jobOf(server: Product, direction: Direction, seconds: number): Promise<UploadJob | DownloadJob> {
  const common = { format: 'soap', chunkSize: CHUNK_SIZE, seconds } as const;
  return direction === 'upload'
    ? { kind: 'upload', ...common, ...(await server.openUploads(CONNECTIONS)) }
    : { kind: 'download', ...common, fileSize: CARGO_SIZE, ...(await server.openDownloads(CONNECTIONS)) };
}
