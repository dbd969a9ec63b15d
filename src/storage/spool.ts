import fs from 'node:fs';
import path from 'node:path';
import { StorageFailure } from '../values/failure.js';
import { newGuid } from '../values/guid.js';

/** Bytes copied at a time. */
const PIECE = 256 * 1024;

/** Takes bytes back out of a spool. */
interface Sink {
  write(bytes: Buffer): void | Promise<void>;
}

/**
 * A place for content that arrives before it is known where it belongs. Each lies in a file that has no name from the moment it
 * is made, so that nothing is left of it after a crash.
 */
export class Spool {
  readonly #directory: string;

  /** `directory` is made when it is not there; it should be on the disk the content store is on. */
  constructor(directory: string) {
    this.#directory = directory;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** @throws StorageFailure */
  open(): SpooledContent {
    const name = path.join(this.#directory, newGuid());
    try {
      const file = fs.openSync(name, 'wx+', 0o600);
      fs.unlinkSync(name);
      return new SpooledContent(file);
    } catch (error) {
      throw new StorageFailure('The content could not be put aside.', { cause: error });
    }
  }
}

/** Content that waits. To be closed once. */
export class SpooledContent {
  readonly #file: number;
  #length = 0;

  constructor(file: number) {
    this.#file = file;
  }

  write(bytes: Buffer): void {
    try {
      for (let done = 0; done < bytes.length;) {
        const count = fs.writeSync(this.#file, bytes, done, bytes.length - done, this.#length);
        done += count;
        this.#length += count;
      }
    } catch (error) {
      throw new StorageFailure('The content could not be put aside.', { cause: error });
    }
  }

  async copyTo(sink: Sink): Promise<void> {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE, Math.max(this.#length, 1)));
    for (let position = 0; position < this.#length;) {
      const count = fs.readSync(this.#file, buffer, 0, buffer.length, position);
      if (count === 0) throw new StorageFailure('The content put aside is gone.');
      await sink.write(buffer.subarray(0, count));
      position += count;
    }
  }

  close(): void {
    fs.closeSync(this.#file);
  }
}
