import type { Lease, MemoryBudget, Reserve } from './memory-budget.js';

/** A buffer somebody holds. */
export interface PooledBuffer {
  /** As long as the pool's {@link BufferPool.size}. What is in it is what the one before left. */
  readonly bytes: Buffer;
  /** Whether somebody waits: who is done with a piece then gives the buffer back, and goes on without. */
  isWanted(): boolean;
  /** Gives the buffer back; the bytes must not be touched again. Once is enough; again does nothing. */
  release(): void;
  /**
   * Gives its place in the pool back at once, though the bytes are still needed, for longer than others can wait. They may be used until
   * {@link release}, and nobody else gets them.
   */
  forsake(): void;
}

/** What part of the budget forsaken buffers may take beside it before nobody gets one that may become one. */
const FORSAKEN_SHARE = 1 / 4;

/**
 * Buffers of one size on a memory budget, used again and again: fresh memory is dear, its first touch alone costs more
 * than reading content into it. Idle ones stay on the budget's account until somebody would have to wait.
 */
export class BufferPool implements Reserve {
  /** Of every buffer, in bytes. */
  readonly size: number;
  readonly #budget: MemoryBudget;
  readonly #idle: { bytes: Buffer; lease: Lease }[] = [];
  /** The buffer that is being given back: goes to whoever of this pool is served by that. */
  #returning: Buffer | undefined;
  /** Bytes of buffers that were forsaken and are still in use. */
  #forsaken = 0;

  /** @param size of every buffer, in bytes; at most the budget's capacity */
  constructor(budget: MemoryBudget, size: number) {
    this.size = size;
    this.#budget = budget;
    budget.add(this);
  }

  get idleBytes(): number {
    return this.#idle.length * this.size;
  }

  /** Takes a buffer: at once when the budget has room, else as soon as it is the turn of the caller at this address: see {@link MemoryBudget.acquire}. */
  acquire(address: string): PooledBuffer | Promise<PooledBuffer> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return this.#lend(idle.bytes, idle.lease);
    return this.#budget.acquire(this.size, (lease) => this.#lend(this.#takeOver(), lease), address);
  }

  /**
   * Takes a buffer, if there is one at once, for somebody who may have to forsake it. There is none while too many are forsaken: their memory
   * is bounded by the budget and a quarter.
   */
  takeNow(): PooledBuffer | undefined {
    if (this.#budget.waiting > 0 || this.#forsaken >= this.#budget.capacity * FORSAKEN_SHARE) return undefined;
    const idle = this.#idle.pop();
    if (idle !== undefined) return this.#lend(idle.bytes, idle.lease);
    const lease = this.#budget.takeNow(this.size);
    return lease && this.#lend(this.#takeOver(), lease);
  }

  giveUp(): void {
    for (const { lease } of this.#idle.splice(0)) lease.release();
  }

  #takeOver(): Buffer {
    const bytes = this.#returning ?? Buffer.allocUnsafeSlow(this.size);
    this.#returning = undefined;
    return bytes;
  }

  #lend(bytes: Buffer, lease: Lease): PooledBuffer {
    let state: 'held' | 'forsaken' | 'given back' = 'held';
    const budget = this.#budget;
    return {
      bytes,
      isWanted: () => budget.waiting > 0,
      release: () => {
        if (state === 'held') this.#takeBack(bytes, lease);
        if (state === 'forsaken') this.#forsaken -= this.size;
        state = 'given back';
      },
      forsake: () => {
        if (state !== 'held') return;
        state = 'forsaken';
        this.#forsaken += this.size;
        lease.release();
      },
    };
  }

  #takeBack(bytes: Buffer, lease: Lease): void {
    if (this.#budget.waiting === 0) {
      this.#idle.push({ bytes, lease });
      return;
    }
    this.#returning = bytes;
    lease.release();
    this.#returning = undefined;
  }
}
