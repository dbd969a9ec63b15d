import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import path from 'node:path';
import { Crew } from '../../src/crew.js';
import { makeLog } from '../../src/log.js';
import { loadSettings } from '../../src/settings.js';
import { eventually } from '../support/eventually.js';
import { scratchDirectory } from '../support/scratch-directory.js';

/* What becomes of a worker's place and of what it held when it ends. The workers are processes that do no more than tell that they are there. */

const PROGRAM = `
import fs from 'node:fs';
process.on('disconnect', () => process.exit(1));
process.on('message', ({ order }) => {
  if (order === 'serve') process.send({ report: 'listening' });
  if (order === 'stop') process.exit(fs.existsSync(new URL('unfinished', import.meta.url)) ? 1 : 0);
});
if (!fs.existsSync(new URL('mute', import.meta.url))) process.send({ report: 'ready' });
`;

let directory: string;
let crew: Crew;
/** The names of workers whose claims were to be freed, one for each attempt. */
let buried: string[];
let failures: number;
let complaints: string[];

beforeEach(async () => {
  directory = scratchDirectory();
  [buried, failures, complaints] = [[], 0, []];
  const program = path.join(directory, 'worker.mjs');
  await fs.writeFile(program, PROGRAM);
  crew = new Crew({
    program,
    settings: loadSettings({ flags: { workers: '2' }, environment: {} }).settings,
    epoch: 1,
    log: makeLog('error', { write: (line) => void complaints.push((JSON.parse(line) as { msg: string }).msg) }),
    metrics: () => Promise.resolve(''),
    bury: (name) => {
      buried.push(name);
      return buried.length > failures ? Promise.resolve() : Promise.reject(new Error('The database is busy.'));
    },
  });
  await crew.start();
});

afterEach(async () => {
  cluster.setupPrimary({ cwd: undefined });
  await crew.stop();
  await fs.rm(directory, { recursive: true });
});

const workers = (): Worker[] =>
  Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined && !worker.isDead()) as Worker[];

async function killOne(): Promise<void> {
  const [worker] = workers();
  worker?.process.kill('SIGKILL');
  await eventually(
    () => buried.length,
    (attempts) => attempts > 0,
  );
}

test('A worker that ends is replaced though what it held cannot be freed, and that is tried until it can', async () => {
  failures = 2;
  await killOne();
  await eventually(
    () => [workers().length, buried.length],
    ([running, attempts]) => running === 2 && attempts === 3,
  );
  expect(new Set(buried).size).toBe(1);
});

test.each([
  ['says so later', 'nowhere'],
  ['says so at once', 'worker.mjs'],
])(
  'A worker that ends while the system has no process to give, and %s, is replaced when it has',
  async (_when, place) => {
    /* It refuses to begin one in a directory that is not there, and in what is no directory. */
    cluster.setupPrimary({ cwd: path.join(directory, place) });
    await killOne();
    await eventually(
      () => complaints.filter((text) => text.includes('could not take the place')).length,
      (refused) => refused >= 2,
    );
    cluster.setupPrimary({ cwd: undefined });
    await eventually(
      () => workers().length,
      (running) => running === 2,
    );
    expect(new Set(buried).size).toBe(buried.length);
    expect(Object.keys(cluster.workers ?? {})).toHaveLength(2);
  },
);

test('A worker that never was is not waited for at a stop', async () => {
  cluster.setupPrimary({ cwd: path.join(directory, 'nowhere') });
  await once(cluster, 'setup');
  /* Told as soon as the next one has been asked for: that the system has none to give is known after it. */
  let asked: (number | undefined)[] = [];
  const stopped = new Promise<void>((resolve) => {
    cluster.once('setup', () => {
      asked = workers().map(({ process }) => process.pid);
      resolve(crew.stop());
    });
  });
  await killOne();
  await stopped;
  expect(asked).toContain(undefined);
});

test('That a worker has left something undone is told at a stop, when all have ended', async () => {
  await fs.writeFile(path.join(directory, 'unfinished'), '');
  await expect(crew.stop()).rejects.toThrow('A worker did not stop as it should.');
  expect(workers()).toEqual([]);
});

test('A worker that is killed before it has anything to do is no trouble at a stop', async () => {
  await fs.writeFile(path.join(directory, 'mute'), '');
  await killOne();
  await eventually(
    () => workers().length,
    (running) => running === 2,
  );
  const newcomer = workers().at(-1);
  const stopped = crew.stop();
  newcomer?.process.kill('SIGKILL');
  await stopped;
});
