/** How many idle buffers are kept: more than one only while receivers ask to wait. */
const KEPT = 8;

/**
 * Buffers of one size for bytes on their way through a reader, used again and again, so that they stay in the
 * processor's cache: fresh memory costs more than what is done with it. Each has one user at a time, from
 * {@link take} to {@link give}; a reader whose receiver asks to wait keeps its buffer meanwhile, and the other readers
 * of the process take another.
 */
export class ScratchBuffers {
  readonly #size: number;
  readonly #idle: Buffer[] = [];

  /** @param size of every buffer, in bytes */
  constructor(size: number) {
    this.#size = size;
  }

  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.#size);
  }

  give(buffer: Buffer): void {
    if (this.#idle.length < KEPT) this.#idle.push(buffer);
  }
}
