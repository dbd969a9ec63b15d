import type { Guid } from '../values/guid.js';
import { type WaitingCaller, whileWaiting } from './waiting-caller.js';

/** Ends a turn. To be called exactly once. */
export type EndTurn = () => void;

/** Lets one at a time at a handler, in the order they came. */
export class Turns {
  readonly #last = new Map<Guid, Promise<void>>();

  /**
   * Waits until all who came before have ended their turns. @throws the reason when the caller leaves instead; the signal is asked for only
   * where there is something to wait for.
   */
  async take(id: Guid, caller: WaitingCaller = {}): Promise<EndTurn> {
    const before = this.#last.get(id);
    let pass: EndTurn = () => undefined;
    const mine = new Promise<void>((resolve) => (pass = resolve));
    const end = (): void => {
      if (this.#last.get(id) === mine) this.#last.delete(id);
      pass();
    };
    this.#last.set(id, mine);
    if (!before) return end;
    try {
      await whileWaiting(caller, () => unlessGone(before, caller.gone));
    } catch (error) {
      void before.then(end);
      throw error;
    }
    return end;
  }

  /** Waits until nobody has, or waits for, a turn. */
  async ended(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }

  /** Whether somebody has, or waits for, a turn. */
  isTaken(id: Guid): boolean {
    return this.#last.has(id);
  }
}

async function unlessGone(turn: Promise<void>, gone: AbortSignal | undefined): Promise<void> {
  gone?.throwIfAborted();
  let leave = (): void => undefined;
  const left = new Promise<never>((_, reject) => (leave = () => reject(gone?.reason as Error)));
  gone?.addEventListener('abort', leave);
  try {
    await Promise.race([turn, left]);
  } finally {
    gone?.removeEventListener('abort', leave);
  }
}
