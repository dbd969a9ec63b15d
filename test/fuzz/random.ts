/** Random numbers that come again from the same seed (Marsaglia's xorshift32, stirred at the start). */
export class Random {
  #state: number;

  /** @param seed - Any whole number. */
  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0 || 1;
    for (let n = 0; n < 8; n++) this.#next();
  }

  /** A whole number from 0 to `limit`, without it. */
  below(limit: number): number {
    return this.#next() % limit;
  }

  /** Whether something that happens once in `times` happens. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** @throws RangeError when there is nothing to pick from. */
  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new RangeError('There is nothing to pick from.');
    return choice;
  }

  /** Small much more often than large, up to `most`. */
  length(most: number): number {
    return this.below(Math.min(most, 1 << this.below(Math.ceil(Math.log2(most + 1)) + 1)) + 1);
  }

  #next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }
}
