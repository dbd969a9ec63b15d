import { setTimeout as delay } from 'node:timers/promises';

/** How long to wait for what must come, ms: far longer than it takes. */
const PATIENCE_MS = 30_000;

/** Waits until it is so. @throws with what it is like instead, when it does not come to be. */
export async function eventually<T>(look: () => T | Promise<T>, isSo: (seen: T) => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return;
    if (performance.now() > deadline) throw new Error(`It is still ${JSON.stringify(seen)}.`);
    await delay(10);
  }
}
