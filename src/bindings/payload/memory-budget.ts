/** Bytes of the budget that somebody holds. */
export interface Lease {
  /** Gives the bytes back. Once is enough; again does nothing. */
  release(): void;
}

/** Memory that is kept for reuse and can be given up when somebody needs it more. */
export interface Reserve {
  /** How much of the budget it keeps, in bytes, leased and idle. */
  readonly idleBytes: number;
  /** Releases the leases of all that is idle. */
  giveUp(): void;
}

interface Waiter {
  readonly bytes: number;
  /** Called as soon as the bytes are the waiter's, before whoever gave them back goes on. */
  readonly grant: (lease: Lease) => void;
}

/**
 * The memory that the whole process may hold on behalf of requests. When it is used up nothing fails: whoever asks
 * waits, in the order of asking, and meanwhile does not read its socket. Nobody overtakes, so a large request is not
 * starved by small ones.
 */
export class MemoryBudget {
  /** In bytes. */
  readonly capacity: number;
  readonly #waiters = new Set<Waiter>();
  readonly #reserves: Reserve[] = [];
  #leased = 0;

  /** @param capacity in bytes */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Bytes held on behalf of requests, without what is only kept for reuse. */
  get used(): number {
    return this.#leased - this.#reserves.reduce((bytes, reserve) => bytes + reserve.idleBytes, 0);
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Takes `bytes` of the budget: at once when they are there, else as soon as it is this caller's turn. Gives what `use` makes of the
   * lease, which is called the moment the bytes are there: within the {@link Lease.release} that made room for them, when the caller had to
   * wait. @throws RangeError for more than the capacity, which would wait for ever.
   */
  acquire<Held>(bytes: number, use: (lease: Lease) => Held): Held | Promise<Held> {
    if (bytes > this.capacity) {
      throw new RangeError(`${bytes} bytes are more than the whole budget of ${this.capacity}.`);
    }
    const lease = this.takeNow(bytes);
    return lease ? use(lease) : this.#wait(bytes, use);
  }

  /** Takes `bytes` of the budget when they are there and nobody waits for any; else undefined. */
  takeNow(bytes: number): Lease | undefined {
    if (this.#waiters.size > 0) return undefined;
    if (!this.#fits(bytes)) this.#reserves.forEach((reserve) => reserve.giveUp());
    return this.#fits(bytes) ? this.#lease(bytes) : undefined;
  }

  /** Makes a reserve known, so that it is counted and asked to give up what is idle before anybody has to wait. */
  add(reserve: Reserve): void {
    this.#reserves.push(reserve);
  }

  #fits(bytes: number): boolean {
    return this.#leased + bytes <= this.capacity;
  }

  #lease(bytes: number): Lease {
    this.#leased += bytes;
    let held = bytes;
    return {
      release: () => {
        this.#leased -= held;
        held = 0;
        this.#serve();
      },
    };
  }

  #wait<Held>(bytes: number, use: (lease: Lease) => Held): Promise<Held> {
    return new Promise((resolve) => {
      this.#waiters.add({ bytes, grant: (lease) => resolve(use(lease)) });
    });
  }

  /** Serves those whose turn it is, as far as the budget goes. */
  #serve(): void {
    for (const waiter of this.#waiters) {
      if (!this.#fits(waiter.bytes)) return;
      this.#waiters.delete(waiter);
      waiter.grant(this.#lease(waiter.bytes));
    }
  }
}
