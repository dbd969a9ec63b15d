import { setImmediate } from 'node:timers/promises';

/** A step takes some tens of microseconds: others wait for a millisecond or two. */
const STEPS_AT_ONCE = 50;

/**
 * So few parts of a large step take hardly longer than a turn. Node takes one new connection in a turn: with one turn between large steps, a newcomer
 * would wait for as many steps as others came before.
 */
const PARTS_FOR_A_TURN = 10;

/**
 * Work for one caller that has many small steps, none of which waits for anything but the database, which answers at once: without
 * a pause now and then nobody else would be served until it is done. It ends when there is nobody left to do it for.
 */
export class LongWork {
  readonly #gone: AbortSignal | undefined;
  #steps = 0;

  /** @param gone - Aborted when the caller has left, with what is thrown then. */
  constructor(gone?: AbortSignal) {
    this.#gone = gone;
  }

  /** To be awaited with each step. @throws the reason of `gone`, when the caller has left. */
  step(): Promise<void> | undefined {
    return ++this.#steps % STEPS_AT_ONCE === 0 ? this.pause() : undefined;
  }

  /** To be awaited after a step that has many parts and cannot be interrupted. @throws as {@link step}. */
  async largeStep(parts: number): Promise<void> {
    for (let n = 0; n < parts; n += PARTS_FOR_A_TURN) await this.pause();
  }

  /** Lets others have their turn. @throws as {@link step}. */
  async pause(): Promise<void> {
    await setImmediate();
    this.#gone?.throwIfAborted();
  }
}
