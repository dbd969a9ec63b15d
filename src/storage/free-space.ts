import fs from 'node:fs';
import { StorageFailure } from '../values/failure.js';

/** How often is looked, ms. A look costs as much as a small write. */
const INTERVAL_MS = 1000;

/**
 * After how many bytes written by this process is looked again, however little time has passed: this part of the room there was at the last look, but
 * not for fewer bytes than the second figure. There may be 64 workers, and all of them write.
 */
const PART_OF_ROOM = 1 / 128;
const LEAST_WRITTEN = 8 * 1024 * 1024;

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
  /** How much might be written at the last look, bytes; less than 0 when there was too little space. */
  #room = 0;
  /** Since the last look, bytes. */
  #written = 0;

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
    this.#room = (await this.#free) - least;
    if (this.#room >= 0) return;
    throw new StorageFailure(
      'The disk of the server is nearly full. New content is refused until there is space again.',
    );
  }

  /** To be told of what was written of something that goes on: it may have been begun long ago. @throws as {@link require} */
  wrote(bytes: number): void | Promise<void> {
    if (this.#options.least === 0) return;
    this.#written += bytes;
    if (this.#room < 0 || this.#isLookDue()) return this.require();
  }

  #isLookDue(): boolean {
    const isMuchWritten = this.#written >= Math.max(this.#room * PART_OF_ROOM, LEAST_WRITTEN);
    return isMuchWritten || this.#options.now() - this.#lookedAt >= INTERVAL_MS;
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
