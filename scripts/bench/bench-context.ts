import fs from 'node:fs';
import path from 'node:path';
import type { Cores } from './cores.js';
import type { BenchOptions } from './options.js';
import type { Results } from './results.js';

/** What every suite is run with. */
export interface BenchContext {
  readonly options: BenchOptions;
  readonly cores: Cores;
  /** The directory of the built programs. */
  readonly programs: string;
  /** A directory for whatever a suite leaves behind: see {@link makePlace}. */
  readonly workplace: string;
  readonly results: Results;
  /** Says what is going on. */
  readonly tell: (line: string) => void;
}

/** Makes an empty directory. */
export function makePlace({ workplace }: BenchContext, name: string): string {
  const place = path.join(workplace, name.replaceAll(/[^\w.-]+/g, '-'));
  fs.rmSync(place, { recursive: true, force: true });
  fs.mkdirSync(place, { recursive: true });
  return place;
}
