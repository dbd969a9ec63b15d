/**
 * The server that `npm run build` has built, killed at any moment and started again, while several clients use it at once:
 *
 *     npm run test:crash -- --kills 240 --seed 7 --workers both
 *
 * After every kill all that was acknowledged is there, and what was not is there as a whole or not at all. The seed says who is killed and
 * about when; what the processes do meanwhile is different every time. What does not hold ends the run, and the data directory stays.
 */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Trial } from './trial.js';
import { Violation } from './violation.js';

/** Processes that serve, in the form with several. */
const SEVERAL = 2;

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    workers: { type: 'string', default: 'both' },
  },
});

const kills = Number(options.kills);
const seed = Number(options.seed);
const forms = options.workers === 'both' ? [1, SEVERAL] : [Number(options.workers)];
if (![kills, seed, ...forms].every((number) => Number.isSafeInteger(number) && number > 0)) {
  throw new Error('--kills, --seed and --workers are whole numbers above 0; --workers can also be "both".');
}

console.log(`${kills} kills, seed ${seed}`);
for (const [n, workers] of forms.entries()) {
  const share = Math.floor(kills / forms.length) + (n < kills % forms.length ? 1 : 0);
  if (!(await isKept(workers, share))) {
    process.exitCode = 1;
    break;
  }
}
console.log(process.exitCode === 1 ? `Seed ${seed}: a promise was broken.` : `Seed ${seed}: nothing was lost.`);

async function isKept(workers: number, share: number): Promise<boolean> {
  const data = await fs.mkdtemp(path.join(os.tmpdir(), 'lighterage-crash-'));
  console.log(workers === 1 ? 'One process:' : `${workers} workers:`);
  const trial = new Trial({ data, workers, kills: share, seed: seed + 1000 * workers, tell: console.log });
  try {
    await trial.run();
    await fs.rm(data, { recursive: true });
    return true;
  } catch (error) {
    console.error(`FAILED ${describe(error)}\nThe data directory is kept: ${data}`);
    return false;
  } finally {
    summarize(trial);
  }
}

/** Whatever else went wrong is a fault of the server or of this program: where it came from helps. */
function describe(error: unknown): string {
  if (error instanceof Violation) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function summarize({ kills: killed, settlements, versions, versionsRead, witness }: Trial): void {
  const victims = [...killed].map(([victim, count]) => `${victim} ${count}`).join(', ');
  const outcomes = [...settlements.outcomes].map(([call, { done, notDone }]) => `${call} ${done} of ${done + notDone}`);
  console.log(`Killed: ${victims}`);
  console.log(
    `Calls: ${witness.sum('answered')} answered, ${witness.sum('answered', 'UploadFileChunk')} of them chunks; ` +
      `${witness.sum('unanswered')} in doubt`,
  );
  console.log(`Of those in doubt these turned out to have been carried out: ${outcomes.join(', ')}`);
  console.log(
    `Versions: ${versions} at the end, ${versionsRead} times one was read and compared; ${settlements.compared} bytes compared`,
  );
}
