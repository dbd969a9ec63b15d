import type { Guid } from '../values/guid.js';

/** Ends a turn. To be called exactly once. */
export type EndTurn = () => void;

/** Lets one at a time at a handler, in the order they came. */
export class Turns {
  readonly #last = new Map<Guid, Promise<void>>();

  /** Waits until all who came before have ended their turns. */
  async take(id: Guid): Promise<EndTurn> {
    const before = this.#last.get(id);
    let end: EndTurn = () => undefined;
    const mine = new Promise<void>((resolve) => (end = resolve));
    this.#last.set(id, mine);
    if (before) await before;
    return () => {
      if (this.#last.get(id) === mine) this.#last.delete(id);
      end();
    };
  }

  /** Whether somebody has, or waits for, a turn. */
  isTaken(id: Guid): boolean {
    return this.#last.has(id);
  }
}
