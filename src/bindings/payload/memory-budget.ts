import { FairQueue, type Waiting } from '../../values/fair-queue.js';
import { siteOf } from '../../values/network.js';

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

interface Waiter extends Waiting {
  readonly bytes: number;
  /** Called as soon as the bytes are the waiter's, before whoever gave them back goes on. */
  readonly grant: (lease: Lease) => void;
}

/**
 * The memory that the process may hold for the content of requests. When it is used up nothing fails: whoever asks waits, and meanwhile does not read
 * its socket. The sites that callers come from take turns, and within a site the order is that of asking; nobody overtakes for asking less, so a large
 * request is not starved by small ones.
 */
export class MemoryBudget {
  /** In bytes. */
  readonly capacity: number;
  /** There is a place for everybody: each is a connection, of which there are only so many. */
  readonly #waiters = new FairQueue<Waiter>(Infinity);
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
   * Takes `bytes` of the budget: at once when they are there, else as soon as it is the turn of the caller at this address. Gives what `use` makes of the
   * lease, which is called the moment the bytes are there: within the {@link Lease.release} that made room for them, when the caller had to
   * wait. @throws RangeError for more than the capacity, which would wait for ever.
   */
  acquire<Held>(bytes: number, use: (lease: Lease) => Held, address: string): Held | Promise<Held> {
    if (bytes > this.capacity) {
      throw new RangeError(`${bytes} bytes are more than the whole budget of ${this.capacity}.`);
    }
    const lease = this.takeNow(bytes);
    return lease ? use(lease) : this.#wait(bytes, use, address);
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

  #wait<Held>(bytes: number, use: (lease: Lease) => Held, address: string): Promise<Held> {
    return new Promise((resolve, reject) => {
      this.#waiters.add(siteOf(address), { bytes, grant: (lease) => resolve(use(lease)), refuse: reject });
    });
  }

  /** Serves those whose turn it is, as far as the budget goes. */
  #serve(): void {
    for (let next = this.#waiters.first; next && this.#fits(next.bytes); next = this.#waiters.first) {
      this.#waiters.next();
      next.grant(this.#lease(next.bytes));
    }
  }
}
