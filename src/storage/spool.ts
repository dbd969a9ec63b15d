import fs from 'node:fs';
import path from 'node:path';
import { StorageFailure } from '../values/failure.js';
import { newGuid } from '../values/guid.js';
import { type FileOperations, systemFiles } from './file-operations.js';
import type { FreeSpace } from './free-space.js';
import { OpenFile } from './open-file.js';

/** Bytes copied at a time. */
const PIECE = 256 * 1024;

/** Takes bytes back out of a spool. */
interface Sink {
  write(bytes: Buffer): void | Promise<void>;
}

export interface SpoolOptions {
  /** @default the system's */
  readonly files?: FileOperations;
  /** Asked before anything is written. @default all there is may be used */
  readonly space?: FreeSpace;
}

/**
 * A place for content that arrives before it is known where it belongs. Each lies in a file that has no name from the moment it
 * is made, so that nothing is left of it after a crash; but for one that comes in this very moment: see {@link clear}.
 */
export class Spool {
  readonly #directory: string;
  readonly #files: FileOperations;
  readonly #space: FreeSpace | undefined;

  /** `directory` is made when it is not there; it should be on the disk the content store is on. */
  constructor(directory: string, { files = systemFiles, space }: SpoolOptions = {}) {
    this.#directory = directory;
    this.#files = files;
    this.#space = space;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Removes what a process left that was killed between making a file and taking its name. Only for a server that is starting. */
  async clear(): Promise<void> {
    for (const name of this.#files.names(this.#directory)) await this.#files.unlink(path.join(this.#directory, name));
  }

  /** @throws StorageFailure */
  async open(): Promise<SpooledContent> {
    await this.#space?.require();
    const name = path.join(this.#directory, newGuid());
    try {
      const file = new OpenFile(this.#files, this.#files.open(name, 'wx+', 0o600));
      try {
        await this.#files.unlink(name);
      } catch (error) {
        file.close();
        throw error;
      }
      return new SpooledContent(this.#files, file);
    } catch (error) {
      throw new StorageFailure('The content could not be put aside.', { cause: error });
    }
  }
}

/** Content that waits. To be closed once. */
export class SpooledContent {
  readonly #files: FileOperations;
  readonly #file: OpenFile;
  #length = 0;

  constructor(files: FileOperations, file: OpenFile) {
    this.#files = files;
    this.#file = file;
  }

  /** @throws StorageFailure */
  write(bytes: Buffer): void {
    const { number } = this.#file;
    try {
      for (let done = 0; done < bytes.length;) {
        const count = this.#files.write(number, bytes, done, bytes.length - done, this.#length);
        done += count;
        this.#length += count;
      }
    } catch (error) {
      throw new StorageFailure('The content could not be put aside.', { cause: error });
    }
  }

  /** @throws StorageFailure, and what the sink throws. */
  async copyTo(sink: Sink): Promise<void> {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE, Math.max(this.#length, 1)));
    for (let position = 0; position < this.#length;) {
      const count = this.#read(buffer, position);
      if (count === 0) throw new StorageFailure('The content put aside is gone.');
      await sink.write(buffer.subarray(0, count));
      position += count;
    }
  }

  close(): void {
    this.#file.close();
  }

  #read(buffer: Buffer, position: number): number {
    try {
      return this.#files.read(this.#file.begin(), buffer, position);
    } catch (error) {
      throw new StorageFailure('The content put aside could not be read.', { cause: error });
    } finally {
      this.#file.end();
    }
  }
}
