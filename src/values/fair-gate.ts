import { FairQueue, type Waiting } from './fair-queue.js';

/** Somebody who waits for the gate, and can be let in. */
interface AtGate extends Waiting {
  readonly enter: () => void;
}

/** Who wants to enter. */
export interface Entering {
  /** Aborted when they do not want to any more. */
  readonly gone?: AbortSignal | undefined;
  /** See {@link Waiting.givesWay}. */
  readonly givesWay?: boolean;
}

export interface FairGateOptions {
  /** How many do it at once. */
  readonly width: number;
  /** @default any number may wait: where each is a caller, there are only so many connections */
  readonly bound?: WaitingBound;
}

export interface WaitingBound {
  /** How many wait at most. */
  readonly places: number;
  /** What those are told who find no place. */
  readonly refusal: () => Error;
}

const UNBOUND: WaitingBound = { places: Infinity, refusal: () => new Error('There is a place for everybody.') };

/** Lets only so many do something at once. The others wait, by turns of the groups they belong to: see FairQueue. */
export class FairGate {
  readonly #width: number;
  readonly #refusal: () => Error;
  readonly #queue: FairQueue<AtGate>;
  #running = 0;

  constructor({ width, bound = UNBOUND }: FairGateOptions) {
    this.#width = width;
    this.#refusal = bound.refusal;
    this.#queue = new FairQueue(bound.places);
  }

  /**
   * @throws the refusal, for want of a place; the reason of the caller's signal, when that is aborted before their turn has come. The signal is
   * asked for only where there is something to wait for.
   */
  async run<T>(group: string, work: () => Promise<T>, caller: Entering = {}): Promise<T> {
    if (this.#running < this.#width) this.#running++;
    else await this.#wait(group, caller);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #wait(group: string, { givesWay = false, gone }: Entering): Promise<void> {
    gone?.throwIfAborted();
    let giveUp = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const entry = { enter: resolve, refuse: () => reject(this.#refusal()), givesWay };
        giveUp = () => {
          this.#queue.remove(group, entry);
          reject(gone?.reason as Error);
        };
        this.#queue.add(group, entry);
        gone?.addEventListener('abort', giveUp);
      });
    } finally {
      gone?.removeEventListener('abort', giveUp);
    }
  }

  /** A place that is given up goes to the next one, if anybody waits. */
  #leave(): void {
    const next = this.#queue.next();
    if (next) next.enter();
    else this.#running--;
  }
}
