/**
 * What the server costs beside its peers and beside a bare program, and how that grows. `npm run bench -- --help` says what can
 * be asked for.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BenchContext } from './bench-context.js';
import { separateCores } from './cores.js';
import { OtherPrograms } from './machine-load.js';
import { type BenchOptions, parseOptions, USAGE } from './options.js';
import { buildPrograms } from './program-builder.js';
import { performancePage } from './report/performance-page.js';
import { noResults } from './results.js';
import { profileCalls } from './suites/call-profiles.js';
import { compareContentSizes } from './suites/content-size.js';
import { measureIdleHandlers } from './suites/idle-handlers.js';
import { compareLibrarySizes } from './suites/library-size.js';
import { compareSlowReaders } from './suites/slow-readers.js';
import { compareDownloads, compareUploads } from './suites/transfers.js';
import { compareWorkers } from './suites/workers.js';

const PAGE = new URL('../../docs/PERFORMANCE.md', import.meta.url);

if (process.argv.includes('--help')) {
  console.log(USAGE);
} else {
  await bench(parseOptions(process.argv.slice(2)));
}

async function bench(options: BenchOptions): Promise<void> {
  const others = new OtherPrograms(os.availableParallelism());
  const workplace = fs.mkdtempSync(path.join(options.directory, 'lighterage-bench-'));
  process.once('exit', () => fs.rmSync(workplace, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  const context: BenchContext = {
    options,
    workplace,
    cores: separateCores(),
    programs: buildPrograms(),
    results: noResults(),
    tell: (line) => console.log(line),
  };
  await compareUploads(context);
  await compareDownloads(context);
  if (options.suites.has('slow-readers')) await compareSlowReaders(context);
  if (options.suites.has('content-size')) await compareContentSizes(context);
  if (options.suites.has('library-size')) await compareLibrarySizes(context);
  if (options.suites.has('idle-handlers')) await measureIdleHandlers(context);
  if (options.suites.has('workers')) await compareWorkers(context);
  if (options.profile && options.suites.has('content-size')) await profileCalls(context);
  const page = performancePage(context.results, options, { cores: context.cores, othersShare: others.share });
  console.log(`\n${page}`);
  if (options.write) fs.writeFileSync(PAGE, page);
}
