import type { Lease, MemoryBudget, Reserve } from './memory-budget.js';

/** A buffer somebody holds. */
export interface PooledBuffer {
  /** As long as the pool's {@link BufferPool.size}. What is in it is what the one before left. */
  readonly bytes: Buffer;
  /** Gives the buffer back; the bytes must not be touched again. Once is enough; again does nothing. */
  release(): void;
}

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

  /** @param size of every buffer, in bytes; at most the budget's capacity */
  constructor(budget: MemoryBudget, size: number) {
    this.size = size;
    this.#budget = budget;
    budget.add(this);
  }

  get idleBytes(): number {
    return this.#idle.length * this.size;
  }

  /**
   * Takes a buffer: at once when the budget has room, else as soon as it is this caller's turn.
   *
   * @param signal Ends the waiting: the promise is then rejected with its reason, and nothing was taken.
   */
  acquire(signal?: AbortSignal): PooledBuffer | Promise<PooledBuffer> {
    signal?.throwIfAborted();
    const idle = this.#idle.pop();
    if (idle !== undefined) return this.#lend(idle.bytes, idle.lease);
    return this.#budget.acquireFor(this.size, (lease) => this.#lend(this.#takeOver(), lease), signal);
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
    let isHeld = true;
    return {
      bytes,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#takeBack(bytes, lease);
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
