import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../fuzz/random.js';
import { workersOf } from '../support/workers-of.js';
import { type Line, NoAnswer } from './line.js';
import { Violation } from './violation.js';

/** How long a worker may take to be replaced, and then until it takes calls, ms each. */
const REPLACEMENT_MS = 20_000;

/** Ends a server at once, without a word to it: the process that was started, and then those of its workers that are named. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) killOne(pid);
}

/** @throws as process.kill does, but for a process that has ended by itself. */
function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The processes a server was started with: itself, and its workers in an order of chance. */
export async function crewOf(pid: number, random: Random): Promise<number[]> {
  const rest = [pid, ...(await workersOf(pid))];
  const order: number[] = [];
  while (rest.length > 0) {
    const [next] = rest.splice(random.below(rest.length), 1);
    if (next !== undefined) order.push(next);
  }
  return order;
}

/** Fulfilled when `count` workers are there again, and none of them is `dead`. @throws Violation when that takes too long. */
export async function replaced(pid: number, dead: number, count: number): Promise<void> {
  const deadline = performance.now() + REPLACEMENT_MS;
  while (performance.now() < deadline) {
    const workers = await workersOf(pid);
    if (workers.length === count && !workers.includes(dead)) return;
    await delay(20);
  }
  throw new Violation('A worker that was killed was not replaced.');
}

/**
 * Fulfilled when calls are answered. A worker that was killed before another had taken the place of the one before may have been the last: connections are
 * refused then, until one is there again. @throws Violation when that takes too long.
 */
export async function answering(line: Line): Promise<void> {
  const deadline = performance.now() + REPLACEMENT_MS;
  while (!(await isAnswered(line))) {
    if (performance.now() > deadline) throw new Violation('After the end of a worker no calls are answered.');
    await delay(20);
  }
}

async function isAnswered(line: Line): Promise<boolean> {
  try {
    await line.call('ServerInfo', {});
    return true;
  } catch (error) {
    if (error instanceof NoAnswer) return false;
    throw error;
  }
}
