import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A CPU profile as V8 writes it: times in microseconds of the system's monotonic clock. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How many functions are named. */
const NAMED = 8;

/** The functions that took the most time of their own from one moment to another (`process.hrtime`), largest first. */
export function summarizeProfile(file: string, from: bigint, until: bigint): { name: string; share: number }[] {
  const profile = JSON.parse(fs.readFileSync(file, 'utf8')) as CpuProfile;
  const names = new Map(profile.nodes.map((node) => [node.id, describe(node.callFrame)]));
  /* Samples are counted, not their times: a process that had to wait for its core would have a long one anywhere. */
  const samples = new Map<string, number>();
  let clock = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    const begin = clock;
    clock += profile.timeDeltas[index + 1] ?? 0;
    if (begin * 1000 < Number(from) || clock * 1000 > Number(until)) continue;
    const name = names.get(id) ?? '';
    if (name !== '(idle)') samples.set(name, (samples.get(name) ?? 0) + 1);
  }
  const total = [...samples.values()].reduce((sum, count) => sum + count, 0);
  return [...samples]
    .map(([name, count]) => ({ name, share: count / total }))
    .sort((a, b) => b.share - a.share)
    .slice(0, NAMED);
}

/** A function's name and where it is; native functions, and what V8 puts in parentheses, have a name only. */
function describe({ functionName, lineNumber, url }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const place = url.startsWith('file://')
    ? path.relative(ROOT, fileURLToPath(url)).replace(/^.*(?=node_modules\/)/, '')
    : url;
  return `${name} (${place}:${lineNumber + 1})`;
}
