import fs from 'node:fs';
import { StorageFailure } from '../values/failure.js';

/** How often is looked, ms. A look costs as much as a small write. */
const INTERVAL_MS = 1000;

/**
 * After how many bytes written by this process is looked again, however little time has passed: this part of what might still be written at the
 * last look, or so many when that is less. There may be 64 workers, and all of them write.
 */
const PART_BETWEEN = 1 / 128;
const LEAST_BETWEEN = 8 * 1024 * 1024;

export interface FreeSpaceOptions {
  /** What is to stay free for commits and records, bytes. 0: nothing is. */
  readonly least: number;
  /** How much is free, bytes. */
  readonly look: () => Promise<number>;
  /** A time that only goes on, ms. */
  readonly now: () => number;
}

/**
 * Keeps the disk from getting full: new content is refused before. What has been taken can then still be committed, and what is
 * in the way can be deleted, for both have to be written down.
 */
export class FreeSpace {
  /** All there is may be used. */
  static readonly unlimited = new FreeSpace({ least: 0, look: () => Promise.resolve(Infinity), now: () => 0 });

  readonly #options: FreeSpaceOptions;
  #lookedAt = -Infinity;
  #free: Promise<number> = Promise.resolve(0);
  #written = 0;
  #writtenBetween = LEAST_BETWEEN;
  #isShort = false;

  constructor(options: FreeSpaceOptions) {
    this.#options = options;
  }

  /** Watches the disk a directory is on. */
  static of(directory: string, least: number): FreeSpace {
    return new FreeSpace({ least, look: () => look(directory), now: () => performance.now() });
  }

  /** To be awaited before anything is taken in. @throws StorageFailure when there is no room for it. */
  async require(): Promise<void> {
    const { least, look, now } = this.#options;
    if (least === 0) return;
    if (this.#isLookDue()) {
      this.#lookedAt = now();
      this.#written = 0;
      this.#free = look();
    }
    const free = await this.#free;
    this.#writtenBetween = Math.max((free - least) * PART_BETWEEN, LEAST_BETWEEN);
    this.#isShort = free < least;
    if (!this.#isShort) return;
    throw new StorageFailure(
      'The disk of the server is nearly full. New content is refused until there is space again.',
    );
  }

  /** To be told of what was written of something that goes on: it may have been begun long ago. @throws as {@link require} */
  wrote(bytes: number): void | Promise<void> {
    if (this.#options.least === 0) return;
    this.#written += bytes;
    if (this.#isShort || this.#isLookDue()) return this.require();
  }

  #isLookDue(): boolean {
    return this.#written >= this.#writtenBetween || this.#options.now() - this.#lookedAt >= INTERVAL_MS;
  }
}

async function look(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await fs.promises.statfs(directory);
    return bavail * bsize;
  } catch (error) {
    throw new StorageFailure('It could not be found out how much space there is.', { cause: error });
  }
}
