import os from 'node:os';
import { parseArgs } from 'node:util';
import { GIB, KIB, MIB, parseSize } from './units.js';

/** The parts of the benchmark that can be asked for by name. */
export const SUITES = [
  'upload-soap',
  'upload-multipart',
  'upload-urlencoded',
  'upload-mtom',
  'download-soap',
  'download-get',
  'slow-readers',
  'content-size',
  'library-size',
  'idle-handlers',
  'workers',
] as const;

export type Suite = (typeof SUITES)[number];

export interface BenchOptions {
  readonly suites: ReadonlySet<Suite>;
  /** Bytes. */
  readonly chunkSizes: readonly number[];
  readonly connections: readonly number[];
  /** How often each contestant has its turn. */
  readonly rounds: number;
  /** How long a turn is, s. */
  readonly seconds: number;
  /** The large content of the content-size suite, bytes. */
  readonly largeContent: number;
  /** Documents in the large library. */
  readonly largeLibrary: number;
  readonly idleHandlers: number;
  /** Where data is put for as long as it runs. */
  readonly directory: string;
  /** Whether to write docs/PERFORMANCE.md. */
  readonly write: boolean;
  /** Whether to profile what is measured. */
  readonly profile: boolean;
  /** The command that makes this run. */
  readonly command: string;
}

export const USAGE = `npm run bench -- [options]

  --quick               fewer sizes, connections and rounds: some minutes
  --only <suites>       ${SUITES.join(', ')}
                        (a comma between two; "upload", "download" and "growth" stand for several)
  --sizes <sizes>       chunk sizes: 256KiB,1MiB
  --connections <n,n>   connections at once
  --rounds <n>          turns of each contestant
  --seconds <s>         length of a turn
  --directory <path>    where data is put while it runs (the system's temporary directory)
  --profile             say where the server's time goes (--write does so too)
  --write               write docs/PERFORMANCE.md
`;

const GROUPS: Readonly<Record<string, readonly Suite[]>> = {
  upload: SUITES.filter((suite) => suite.startsWith('upload-')),
  download: SUITES.filter((suite) => suite.startsWith('download-')),
  growth: ['content-size', 'library-size', 'idle-handlers'],
};

/** @throws with a line for the person who called it wrongly. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      sizes: { type: 'string' },
      connections: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      directory: { type: 'string', default: os.tmpdir() },
      profile: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const { quick } = values;
  return {
    suites: new Set(values.only === undefined ? SUITES : values.only.split(',').flatMap(suitesOf)),
    chunkSizes:
      values.sizes?.split(',').map(parseSize) ?? (quick ? [MIB, 32 * MIB] : [256 * KIB, MIB, 8 * MIB, 32 * MIB]),
    connections: values.connections?.split(',').map(wholeNumber) ?? (quick ? [4] : [1, 4, 64]),
    rounds: wholeNumber(values.rounds ?? (quick ? '2' : '3')),
    seconds: Number(values.seconds ?? (quick ? 0.7 : 1.5)),
    largeContent: quick ? GIB : 4 * GIB,
    largeLibrary: quick ? 100_000 : 1_000_000,
    idleHandlers: quick ? 1000 : 10_000,
    directory: values.directory,
    write: values.write,
    profile: values.profile || values.write,
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  };
}

function suitesOf(name: string): readonly Suite[] {
  const suite = SUITES.find((known) => known === name);
  const suites = suite === undefined ? GROUPS[name] : [suite];
  if (!suites) throw new Error(`There is no suite ${name}. There are: ${SUITES.join(', ')}.`);
  return suites;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`${text} is no whole number.`);
  return Number(text);
}
