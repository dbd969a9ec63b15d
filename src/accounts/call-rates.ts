import { Failure } from '../values/failure.js';

/** How much of a second's calls a user may make at once after a pause. */
const BURST_SECONDS = 1;

interface Bucket {
  /** Calls that may be made at once; a fraction is on its way to the next. */
  tokens: number;
  /** When the tokens were last counted, ms. */
  countedAt: number;
}

/**
 * Bounds how many calls a user makes in a second, by a token bucket for each. The buckets are in memory: each process of the server
 * counts by itself, so that with several workers a user gets up to that many times as much. It is there to stop runaway
 * programs, not to share the server to the last call.
 */
export class CallRates {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<number, Bucket>();

  /** @param perSecond - 0 for no bound. @param now - the time in ms, from any start. */
  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** Counts a call of a user. @throws Failure when it is one too many. */
  take(userId: number): void {
    if (this.#perSecond === 0) return;
    const bucket = this.#fill(userId);
    if (bucket.tokens < 1) throw tooManyCalls(this.#perSecond);
    bucket.tokens--;
  }

  #fill(userId: number): Bucket {
    const most = this.#perSecond * BURST_SECONDS;
    const time = this.#now();
    let bucket = this.#buckets.get(userId);
    if (!bucket) {
      bucket = { tokens: most, countedAt: time };
      this.#buckets.set(userId, bucket);
    }
    const gained = (Math.max(time - bucket.countedAt, 0) * this.#perSecond) / 1000;
    bucket.tokens = Math.min(bucket.tokens + gained, most);
    bucket.countedAt = time;
    return bucket;
  }
}

function tooManyCalls(perSecond: number): Failure {
  return new Failure(`Too many calls: a user may make ${perSecond} in a second. Try again in a moment.`);
}
