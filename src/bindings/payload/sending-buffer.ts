import { setImmediate } from 'node:timers/promises';
import type { BufferPool, PooledBuffer } from './buffer-pool.js';

/** How long a reader may take for a piece, ms: who is slower than that gets no large buffer. */
const PATIENCE_MS = 250;

/** The pieces for readers who are slow, and for all while there is no large buffer, bytes. */
const SMALL = 16 * 1024;

/**
 * After how many bytes others get a turn. As long as the system takes every piece at once, sending never comes back to the event loop by
 * itself, and it takes some MiB for each caller.
 */
const TURN = 2 * 1024 * 1024;

/**
 * The buffer in which the pieces of one answer are made, one after the other. For a reader who takes them as they come it is a large one of
 * the pool: each piece costs a system call. A slow reader would keep it from others for as long as it likes; so whoever has not taken
 * a piece in time is given small ones, from memory of its own. What the socket already has of the large one cannot be taken from it
 * again: that buffer is forsaken. Nobody ever waits for a buffer here.
 */
export class SendingBuffer {
  readonly #pool: BufferPool;
  #pooled: PooledBuffer | undefined;
  #small: Buffer | undefined;
  #patience: NodeJS.Timeout | undefined;
  #sentInTurn = 0;
  #isSending = false;
  #isSlow = false;
  /** Of a slow reader: what it has taken since when, bytes and ms. */
  #taken = 0;
  #since = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** The buffer for the next piece. What was in the one before is good until the caller returns to the event loop. */
  next(): Buffer {
    if (this.#pooled?.isWanted()) this.#giveBack();
    if (!this.#isSlow) this.#pooled ??= this.#pool.takeNow();
    if (this.#pooled) {
      this.#small = undefined;
      return this.#pooled.bytes;
    }
    return (this.#small ??= Buffer.allocUnsafeSlow(Math.min(SMALL, this.#pool.size)));
  }

  /** Sends a piece that lies in the buffer, and sees how long that takes. */
  async send(piece: Buffer, write: (bytes: Buffer) => void | Promise<void>): Promise<void> {
    if (this.#pooled) this.#watch();
    this.#isSending = true;
    try {
      await write(piece);
    } finally {
      this.#isSending = false;
    }
    if (this.#isSlow) this.#judge(piece.length);
    this.#sentInTurn += piece.length;
    if (this.#sentInTurn >= TURN) {
      this.#sentInTurn = 0;
      await setImmediate();
    }
  }

  /** There is nothing to send until something has been waited for: others may have the buffer meanwhile. */
  yield(): void {
    this.#giveBack();
  }

  /** There is nothing more to send. */
  release(): void {
    clearTimeout(this.#patience);
    this.#giveBack();
  }

  #watch(): void {
    if (this.#patience) this.#patience.refresh();
    else this.#patience = setTimeout(() => this.#losePatience(), PATIENCE_MS);
  }

  #losePatience(): void {
    if (!this.#isSending || !this.#pooled) return;
    this.#pooled.forsake();
    this.#isSlow = true;
  }

  /** A reader may have been held up for a moment only. It is trusted again when it takes a large buffer's worth in the time for one. */
  #judge(length: number): void {
    if (this.#pooled) {
      this.#giveBack();
      this.#startCounting();
      return;
    }
    this.#taken += length;
    if (this.#taken < this.#pool.size) return;
    this.#isSlow = performance.now() - this.#since > PATIENCE_MS;
    this.#startCounting();
  }

  #startCounting(): void {
    this.#taken = 0;
    this.#since = performance.now();
  }

  #giveBack(): void {
    this.#pooled?.release();
    this.#pooled = undefined;
  }
}
