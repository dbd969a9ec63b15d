/** The outcome of the suite: a line for every check as it ends, and the count of them. */
export class Report {
  #passed = 0;
  #failed = 0;

  get failed(): number {
    return this.#failed;
  }

  pass(name: string): void {
    this.#passed += 1;
    console.log(`ok    ${name}`);
  }

  fail(name: string, why: string): void {
    this.#failed += 1;
    console.log(`FAIL  ${name}: ${why}`);
  }

  /** Passes with what `act` gives when it ends; fails with its message when it throws, and gives nothing. */
  async check<T>(name: string, act: () => Promise<T> | T): Promise<T | undefined> {
    try {
      const result = await act();
      this.pass(name);
      return result;
    } catch (error) {
      this.fail(name, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  sum(): void {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
  }
}
