/**
 * Remembers what a function made of texts it has been given, up to a number of them: for what callers send over and over, the same
 * in every request, as headers are. Past that number it starts afresh.
 */
export class RecentResults<Result> {
  readonly #most: number;
  readonly #results = new Map<string, Result>();

  /** @param most - How many results are remembered. */
  constructor(most: number) {
    this.#most = most;
  }

  get(text: string, make: () => Result): Result {
    const known = this.#results.get(text);
    if (known !== undefined) return known;
    const made = make();
    if (this.#results.size >= this.#most) this.#results.clear();
    this.#results.set(text, made);
    return made;
  }
}
