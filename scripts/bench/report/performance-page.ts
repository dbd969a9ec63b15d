import os from 'node:os';
import type { Cores } from '../cores.js';
import type { BenchOptions } from '../options.js';
import type { Results } from '../results.js';
import { GIB } from '../units.js';
import {
  growthTable,
  idleHandlersTable,
  profilesTables,
  slowReadersTable,
  targetsTable,
  transferTables,
  workersTable,
} from './tables.js';

export interface RunConditions {
  readonly cores: Cores;
  /** The part of all cores' time that other programs took meanwhile. */
  readonly othersShare: number;
}

/** The page of a run: docs/PERFORMANCE.md. */
export function performancePage(
  results: Results,
  options: BenchOptions,
  { cores, othersShare }: RunConditions,
): string {
  const sections = [
    '# Performance',
    `Written by \`${options.command}\`. Do not edit: run it again. How it measures is said below the figures.`,
    '## Targets',
    targetsTable(results),
    ...section('UploadFileChunk', transferTables(results, 'upload')),
    ...section('DownloadFileChunk', transferTables(results, 'download')),
    ...section('Slow readers', slowReadersTable(results)),
    ...section('How cost grows', growthTable(results)),
    ...section('Idle handlers', idleHandlersTable(results)),
    ...section('Two workers', workersTable(results)),
    ...section('What dominates', profilesTables(results), PROFILE_NOTE),
    '## How it was measured',
    methodText(options, { cores, othersShare }),
  ];
  return `${sections.join('\n\n')}\n`;
}

function section(title: string, text: string | undefined, note?: string): string[] {
  return text === undefined ? [] : [`## ${title}`, ...(note === undefined ? [] : [note]), text];
}

const PROFILE_NOTE =
  "From Node.js's own profiler (`--cpu-prof`) in the server while it was under load: the functions that took the most time of their own, as " +
  'parts of all time that was not idle. Functions without a place are native: `writeBuffer` and `writev` write to a file or a socket, ' +
  '`read` reads a file, `base64Write`, `slice` and their like decode and encode; `(program)` is native code outside of JavaScript, such as what reads ' +
  'from sockets and the HTTP parser. What SQLite does counts as its caller’s, `executeQuery`.';

function methodText({ rounds, seconds }: BenchOptions, { cores, othersShare }: RunConditions): string {
  const { load, server } = cores;
  const [cpu] = os.cpus();
  const machine =
    `${os.availableParallelism()} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(os.totalmem() / GIB)} GiB of memory, ` +
    `Linux ${os.release().split('-')[0] ?? ''}, Node.js ${process.versions.node}.`;
  const binding =
    server === undefined
      ? 'No process was bound to a core.'
      : `Servers were bound to core ${server}, the load generator to ${load ?? 'any'} (\`taskset\`), but for the two workers.`;
  const others = `Other programs took ${(othersShare * 100).toFixed(0)} % of the cores while it ran.`;
  return `- Machine: ${machine} ${binding} ${others}
- All servers that are compared run at the same time, each in a process of its own that has been started for this chunk size, and have their
  turns one after the other: A B C, B C A, …, ${rounds} rounds of ${seconds} s each (one that is very slow has fewer). Figures are medians of the rounds.
  All run with \`--no-memory-reducer --no-flush-bytecode\`: Node.js would else throw away the compiled code of those that wait for their turn, as it never
  does in a server at work. Before each turn of an upload a file is written and removed, so that all find
  free memory that the machine has at hand: a virtual machine's host takes it back after some seconds, and writing files into it costs more then.
- CPU is user and system time of the server's process, from \`/proc/<pid>/stat\`, per GiB of content (not of what it is
  encoded in). Memory is the peak of its resident memory (\`VmHWM\`, set back after a warm-up) above what it had when it had just started.
- The server is what \`npm run build\` makes, with one worker and its settings as delivered, log included, but for the limits of what one user may take. Chunks go to upload handlers of their own, one for each
  connection; the last chunk, which waits for the disk, is not among them.
- \`node-soap\` is a plain server on that package with the same WSDL that does the same job the usual way: content as a string, \`Buffer.from\`, \`appendFile\`. \`@tus/server\` is
  that project's server with its file store; it takes raw bytes, without a checksum. \`bare\` is the limit: a program on \`node:http\` that decodes what arrives in place, takes its CRC-32
  and writes it, and nothing else: no XML parser, tickets, database or limits.
- The load generator sends requests that were made before, over sockets it keeps open, checks each answer, and throws content away. p50 and p99 are times of
  whole exchanges, with all connections at work.
- Two workers and one: with “a core for each worker” server and load generator have one core together, and two; the load generator takes the same part of them
  either way, and is not what limits. With “all cores” one worker has a core, and leaves the load generator another.
- The large library was filled straight into the database. Commits and look-ups go over GET.`;
}
