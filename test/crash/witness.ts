import { EventEmitter } from 'node:events';

/** What became of a call: its answer came, or never did. */
export type CallEvent = 'sent' | 'answered' | 'unanswered';

/** How long a call takes until one has been seen, ms. */
const FIRST_GUESS_MS = 10;

/** Sees every call go out and come back, for those who wait for one, and counts. */
export class Witness {
  readonly #events = new EventEmitter<Record<CallEvent, [operation: string]>>();
  readonly #counts = {
    sent: new Map<string, number>(),
    answered: new Map<string, number>(),
    unanswered: new Map<string, number>(),
  };

  readonly #durations = new Map<string, number>();

  constructor() {
    this.#events.setMaxListeners(0);
  }

  /** Of an answer also how long it took, ms. */
  tell(event: CallEvent, operation: string, took?: number): void {
    if (took !== undefined) this.#durations.set(operation, (this.usual(operation) + took) / 2);
    const counts = this.#counts[event];
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
    this.#events.emit(event, operation);
  }

  /** How long calls of an operation take at the time until they are answered, ms. */
  usual(operation: string): number {
    return this.#durations.get(operation) ?? FIRST_GUESS_MS;
  }

  /** Calls `then` when this has happened so many times from now on, in the same turn. The function it returns ends the wait. */
  count(event: CallEvent, operation: string, times: number, then: () => void): () => void {
    let left = times;
    const listener = (seen: string): void => {
      if (seen !== operation || --left > 0) return;
      stop();
      then();
    };
    const stop = (): void => void this.#events.off(event, listener);
    this.#events.on(event, listener);
    return stop;
  }

  /** How often it has happened, of one operation or of all. */
  sum(event: CallEvent, operation?: string): number {
    if (operation !== undefined) return this.#counts[event].get(operation) ?? 0;
    return [...this.#counts[event].values()].reduce((sum, count) => sum + count, 0);
  }
}
