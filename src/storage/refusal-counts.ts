/** How long refusals of a user are counted together, ms. */
const PERIOD_MS = 60_000;

/** How many of them are told one by one. */
const TOLD_ALONE = 100;

interface Count {
  readonly timer: NodeJS.Timeout;
  total: number;
}

/** Writes down how many refusals of a user were not told one by one. */
export type TellRest = (user: string, count: number) => Promise<void>;

/**
 * Bounds how much a user who is refused again and again can have written down: of what is refused in a minute the first hundred are told
 * one by one, and of the rest how many they were.
 */
export class RefusalCounts {
  readonly #tellRest: TellRest;
  readonly #period: number;
  readonly #counts = new Map<string, Count>();

  /** @param period - ms. */
  constructor(tellRest: TellRest, period = PERIOD_MS) {
    this.#tellRest = tellRest;
    this.#period = period;
  }

  /** Counts a refusal. Returns whether it is to be told by itself. */
  add(user: string): boolean {
    const count = this.#counts.get(user) ?? this.#begin(user);
    return ++count.total <= TOLD_ALONE;
  }

  /** Tells what has been counted so far. @throws what telling does. */
  async flush(): Promise<void> {
    for (const user of [...this.#counts.keys()]) await this.#end(user);
  }

  #begin(user: string): Count {
    /* What cannot be written down now, because the disk is full perhaps, is with the next that is. */
    const timer = setTimeout(() => void this.#end(user).catch(() => undefined), this.#period);
    timer.unref();
    const count = { timer, total: 0 };
    this.#counts.set(user, count);
    return count;
  }

  async #end(user: string): Promise<void> {
    const count = this.#counts.get(user);
    if (!count) return;
    clearTimeout(count.timer);
    this.#counts.delete(user);
    const rest = count.total - TOLD_ALONE;
    if (rest <= 0) return;
    try {
      await this.#tellRest(user, rest);
    } catch (error) {
      const next = this.#counts.get(user) ?? this.#begin(user);
      next.total += count.total;
      throw error;
    }
  }
}
