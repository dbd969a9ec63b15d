import { setImmediate as immediate } from 'node:timers/promises';
import type { Random } from '../../fuzz/random.js';

/** A call as whoever made it saw it: what was asked for, what came of it, and the moments between which it happened. */
export interface RecordedCall<Input> {
  readonly input: Input;
  readonly outcome: string;
  readonly begun: number;
  readonly ended: number;
}

/** A call under way, which is made in steps. */
export interface CallUnderWay {
  /** Takes the next step; returns whether there is one more. */
  readonly step: () => boolean | Promise<boolean>;
  readonly outcome: Promise<string>;
}

/** A call that can be begun. */
export interface PreparedCall<Input> {
  readonly input: Input;
  readonly begin: () => CallUnderWay;
}

/** Turns of the event loop that may pass between two steps, at most. */
const MOST_TURNS = 4;

/** What was called and what came of it. Moments are numbers that only grow. */
export class History<Input> {
  readonly #calls: RecordedCall<Input>[] = [];
  #now = 0;

  get calls(): readonly RecordedCall<Input>[] {
    return this.#calls;
  }

  /** Makes calls at once, a step of one and a step of another as chance will have it. Fulfilled when all have ended. */
  async atOnce(calls: readonly PreparedCall<Input>[], random: Random): Promise<void> {
    const waiting = [...calls];
    const underWay: CallUnderWay[] = [];
    const ends: Promise<void>[] = [];
    while (waiting.length > 0 || underWay.length > 0) {
      const n = random.below(waiting.length + underWay.length);
      const [begun] = n < waiting.length ? waiting.splice(n, 1) : [];
      const call = begun ? this.#begin(begun, ends) : random.pick(underWay);
      if (begun) underWay.push(call);
      if (!(await call.step())) underWay.splice(underWay.indexOf(call), 1);
      for (let turns = random.below(MOST_TURNS + 1); turns > 0; turns--) await immediate();
    }
    await Promise.all(ends);
  }

  /** Makes calls one after the other. */
  async inTurn(calls: readonly PreparedCall<Input>[], random: Random): Promise<void> {
    for (const call of calls) await this.atOnce([call], random);
  }

  #begin({ begin, input }: PreparedCall<Input>, ends: Promise<void>[]): CallUnderWay {
    const begun = this.#now++;
    const call = begin();
    ends.push(
      call.outcome.then((outcome) => {
        this.#calls.push({ input, outcome, begun, ended: this.#now++ });
      }),
    );
    return call;
  }
}
