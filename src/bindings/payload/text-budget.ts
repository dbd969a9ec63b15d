import { siteOf } from '../../values/network.js';

/** How much text of a call is not counted, bytes: nearly all have less. */
export const UNCOUNTED = 16 * 1024;

/** The text of one call: of its message, and of its answer until that has been taken. */
export interface TextAccount {
  /** So much more is kept, bytes. */
  take(bytes: number): void;
  /** The call is over, or given up. */
  release(): void;
}

interface Holder {
  readonly caller: { readonly address: string };
  readonly giveUp: () => void;
  held: number;
  /** Undefined as long as nothing is counted. */
  group: Group | undefined;
  isOver: boolean;
}

/** The calls from one site with more than {@link UNCOUNTED}, the first to have that first. */
interface Group {
  readonly site: string;
  readonly holders: Set<Holder>;
  held: number;
}

/**
 * Bounds what the texts of all calls take, whose callers may take as long as they like to send a message, to wait for their turn, and to
 * take an answer. When it is too much, a call is given up from where most of it is: the one that was long before the others. A call that goes as calls do
 * is over within moments.
 */
export class TextBudget {
  readonly #capacity: number;
  /** By their sites. None is empty. */
  readonly #groups = new Map<string, Group>();
  #held = 0;

  /** @param capacity in bytes */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * @param caller Asked for its address when there is something to count.
   * @param giveUp Called when there is no room for the call any more.
   */
  open(caller: { readonly address: string }, giveUp: () => void): TextAccount {
    const holder: Holder = { caller, giveUp, held: -UNCOUNTED, group: undefined, isOver: false };
    return {
      take: (bytes) => this.#take(holder, bytes),
      release: () => this.#release(holder),
    };
  }

  #take(holder: Holder, bytes: number): void {
    if (holder.isOver) return;
    const before = Math.max(0, holder.held);
    holder.held += bytes;
    if (holder.held <= 0) return;
    holder.group ??= this.#enter(holder);
    holder.group.held += holder.held - before;
    this.#held += holder.held - before;
    while (this.#held > this.#capacity) this.#giveUpOne();
  }

  #enter(holder: Holder): Group {
    const site = siteOf(holder.caller.address);
    const group = this.#groups.get(site) ?? { site, holders: new Set(), held: 0 };
    this.#groups.set(site, group);
    group.holders.add(holder);
    return group;
  }

  #giveUpOne(): void {
    let largest: Group | undefined;
    for (const group of this.#groups.values()) if (group.held > (largest?.held ?? 0)) largest = group;
    for (const holder of largest?.holders ?? []) {
      this.#release(holder);
      holder.giveUp();
      return;
    }
  }

  #release(holder: Holder): void {
    const { group, held, isOver } = holder;
    holder.isOver = true;
    if (isOver || !group) return;
    this.#held -= held;
    group.held -= held;
    group.holders.delete(holder);
    if (group.holders.size === 0) this.#groups.delete(group.site);
  }
}
