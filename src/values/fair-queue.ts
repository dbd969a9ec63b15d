/** Somebody who waits, and can be sent away. */
export interface Waiting {
  /** Told when there is no place any more, because others have come who wait for less. */
  readonly refuse: () => void;
  /** Whether it goes before others where no group has more places than another. @default no */
  readonly givesWay?: boolean;
}

/**
 * A bounded number of places to wait, shared fairly among groups: groups take turns, and who comes when all places are taken gets one of
 * the group that has most. So a crowd of one group is in the way of itself alone. Where none has more than another, those who give way
 * lose theirs to those who do not.
 */
export class FairQueue<Entry extends Waiting> {
  readonly #places: number;
  /** In the order of their turns. None is empty. */
  readonly #groups = new Map<string, Entry[]>();
  #size = 0;

  constructor(places: number) {
    this.#places = places;
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** The one whose turn it is. */
  get first(): Entry | undefined {
    for (const entries of this.#groups.values()) return entries[0];
    return undefined;
  }

  /** Refuses the entry itself when its group has most of the places already, or as many as any and nobody gives way. */
  add(group: string, entry: Entry): void {
    const entries = this.#groups.get(group) ?? [];
    if (this.#size >= this.#places && !this.#makeRoom(entries.length, entry)) {
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

  /** Sends somebody away for one of a group that has so many places already. Returns whether there was anybody to send. */
  #makeRoom(wanting: number, wants: Entry): boolean {
    const [group, entry] =
      this.#lastOfLarger(wanting) ?? (wants.givesWay ? undefined : this.#lastToGiveWay(wanting)) ?? [];
    if (group === undefined || entry === undefined) return false;
    this.remove(group, entry);
    entry.refuse();
    return true;
  }

  /** The last of the largest group, when that stays at least as large as the group that wants the place becomes. */
  #lastOfLarger(wanting: number): [group: string, entry: Entry] | undefined {
    let largest: [group: string, entries: Entry[]] | undefined;
    for (const candidate of this.#groups) if (candidate[1].length > (largest?.[1].length ?? 0)) largest = candidate;
    const last = largest?.[1].at(-1);
    return largest && last && largest[1].length > wanting + 1 ? [largest[0], last] : undefined;
  }

  /** The last who gives way, of the groups that have more places than the group that wants one. */
  #lastToGiveWay(wanting: number): [group: string, entry: Entry] | undefined {
    for (const [group, entries] of [...this.#groups].reverse()) {
      const entry = entries.length > wanting ? entries.findLast(({ givesWay }) => givesWay) : undefined;
      if (entry) return [group, entry];
    }
    return undefined;
  }
}
