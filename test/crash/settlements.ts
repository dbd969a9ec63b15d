/** What became of calls in doubt, and how much was compared. */
export class Settlements {
  readonly #outcomes = new Map<string, { done: number; notDone: number }>();
  #compared = 0;

  /** Of a call whose answer never came it is known now whether it was carried out. */
  note(call: string, wasDone: boolean): void {
    const outcome = this.#outcomes.get(call) ?? { done: 0, notDone: 0 };
    this.#outcomes.set(call, outcome);
    if (wasDone) outcome.done++;
    else outcome.notDone++;
  }

  /** Bytes that were compared with those that were sent. */
  addCompared(bytes: number): void {
    this.#compared += bytes;
  }

  get compared(): number {
    return this.#compared;
  }

  get outcomes(): ReadonlyMap<string, { readonly done: number; readonly notDone: number }> {
    return this.#outcomes;
  }
}
