import type { Instant } from '../storage/schema.js';

/**
 * A handler's time of last use is moved only when it is older than this, ms, or than this part of how long a handler may lie idle: with every chunk
 * it would be one more page to write. So a handler may expire by so much too early, but none that is used again and again.
 */
const INTERVAL_MS = 60_000;
const PART = 1 / 24;

/** Whether the time of last use of a handler that may lie idle for `idleLimit` ms is to be moved, now that it is used. */
export function isUseDue(usedAt: Instant, now: Instant, idleLimit: number): boolean {
  return now - usedAt >= Math.min(INTERVAL_MS, idleLimit * PART);
}
