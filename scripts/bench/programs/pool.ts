/** Buffers that are used again and again: the first touch of fresh memory can cost more than all that is done with it. */
export class Pool {
  readonly #idle: Buffer[] = [];
  readonly #make: () => Buffer;

  constructor(make: () => Buffer) {
    this.#make = make;
  }

  take(): Buffer {
    return this.#idle.pop() ?? this.#make();
  }

  give(buffer: Buffer): void {
    this.#idle.push(buffer);
  }
}
