/** Somebody who waits, and can be sent away. */
export interface Waiting {
  /** Told when there is no place any more, because others have come who wait for less. */
  readonly refuse: () => void;
}

/**
 * A bounded number of places to wait, shared fairly among groups: groups take turns, and who comes when all places are taken gets one of
 * the group that has most. So a crowd of one group is in the way of itself alone.
 */
export class FairQueue<Entry extends Waiting> {
  readonly #places: number;
  /** In the order of their turns. None is empty. */
  readonly #groups = new Map<string, Entry[]>();
  #size = 0;

  constructor(places: number) {
    this.#places = places;
  }

  /** Refuses the entry itself when its group has most of the places already. */
  add(group: string, entry: Entry): void {
    const entries = this.#groups.get(group) ?? [];
    if (this.#size >= this.#places && !this.#makeRoom(entries.length)) {
      entry.refuse();
      return;
    }
    entries.push(entry);
    this.#groups.set(group, entries);
    this.#size++;
  }

  /** Takes the one whose turn it is off the queue. */
  next(): Entry | undefined {
    for (const [group, entries] of this.#groups) {
      const entry = entries.shift();
      this.#groups.delete(group);
      if (entries.length > 0) this.#groups.set(group, entries);
      this.#size--;
      return entry;
    }
    return undefined;
  }

  /** Takes an entry off the queue, if it is there. */
  remove(group: string, entry: Entry): void {
    const entries = this.#groups.get(group);
    const at = entries?.indexOf(entry) ?? -1;
    if (!entries || at === -1) return;
    entries.splice(at, 1);
    if (entries.length === 0) this.#groups.delete(group);
    this.#size--;
  }

  /** Sends everybody away. */
  clear(): void {
    const all = [...this.#groups.values()].flat();
    this.#groups.clear();
    this.#size = 0;
    for (const entry of all) entry.refuse();
  }

  /** Sends the last of the largest group away, when that stays at least as large as the group that wants the place becomes. */
  #makeRoom(wanting: number): boolean {
    let largest: [group: string, entries: Entry[]] | undefined;
    for (const candidate of this.#groups) if (candidate[1].length > (largest?.[1].length ?? 0)) largest = candidate;
    const last = largest?.[1].at(-1);
    if (!largest || !last || largest[1].length <= wanting + 1) return false;
    this.remove(largest[0], last);
    last.refuse();
    return true;
  }
}
