import { FairQueue, type Waiting } from './fair-queue.js';

/** Somebody who waits for the gate, and can be let in. */
interface AtGate extends Waiting {
  readonly enter: () => void;
}

export interface FairGateOptions {
  /** How many do it at once. */
  readonly width: number;
  /** How many wait at most. */
  readonly places: number;
  /** What those are told who find no place. */
  readonly refusal: () => Error;
}

/** Lets only so many do something at once. The others wait, by turns of the groups they belong to: see FairQueue. */
export class FairGate {
  readonly #options: FairGateOptions;
  readonly #queue: FairQueue<AtGate>;
  #running = 0;

  constructor(options: FairGateOptions) {
    this.#options = options;
    this.#queue = new FairQueue(options.places);
  }

  /** @throws the refusal, for want of a place; the reason of `gone`, when that is aborted while it waits. */
  async run<T>(group: string, work: () => Promise<T>, gone?: AbortSignal): Promise<T> {
    await this.#enter(group, gone);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(group: string, gone: AbortSignal | undefined): Promise<void> {
    if (this.#running < this.#options.width) {
      this.#running++;
      return;
    }
    let giveUp = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const entry = { enter: resolve, refuse: () => reject(this.#options.refusal()) };
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
