/** How much text of a message is not counted, bytes: nearly all have less. */
const UNCOUNTED = 16 * 1024;

/** The text of one message, while it is read. */
export interface TextAccount {
  /** So much more came, bytes. */
  take(bytes: number): void;
  /** The message has been read, or given up. */
  release(): void;
}

interface Holder {
  held: number;
  readonly giveUp: () => void;
}

/**
 * Bounds what the texts of all messages take that are being read, whose callers may take as long as they like. When it is too much, the message
 * that was long before all others is given up: one that comes as messages do is read within moments.
 */
export class TextBudget {
  readonly #capacity: number;
  /** Those with more than {@link UNCOUNTED}, the first to have that first. */
  readonly #holders = new Set<Holder>();
  #held = 0;

  /** @param capacity in bytes */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** @param giveUp Called when there is no room for the message any more. */
  open(giveUp: () => void): TextAccount {
    const holder: Holder = { held: -UNCOUNTED, giveUp };
    return {
      take: (bytes) => this.#take(holder, bytes),
      release: () => this.#release(holder),
    };
  }

  #take(holder: Holder, bytes: number): void {
    const before = Math.max(0, holder.held);
    holder.held += bytes;
    if (holder.held <= 0) return;
    this.#holders.add(holder);
    this.#held += holder.held - before;
    while (this.#held > this.#capacity) this.#giveUpFirst();
  }

  #giveUpFirst(): void {
    for (const holder of this.#holders) {
      this.#release(holder);
      holder.giveUp();
      return;
    }
  }

  #release(holder: Holder): void {
    if (!this.#holders.delete(holder)) return;
    this.#held -= holder.held;
    holder.held = -Infinity;
  }
}
