import fs from 'node:fs';
import path from 'node:path';
import { StorageFailure } from '../values/failure.js';
import { newGuid } from '../values/guid.js';
import { type FileOperations, systemFiles } from './file-operations.js';
import { FreeSpace } from './free-space.js';
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
  /** The most that all content may take that waits at a time, bytes. @default there is no limit */
  readonly most?: number;
}

/**
 * A place for content that arrives before it is known where it belongs. Each lies in a file that has no name from the moment it
 * is made, so that nothing is left of it after a crash; but for one that comes in this very moment: see {@link clear}.
 */
export class Spool {
  readonly #directory: string;
  readonly #files: FileOperations;
  readonly #space: FreeSpace;
  readonly #most: number;
  #length = 0;

  /** `directory` is made when it is not there; it should be on the disk the content store is on. */
  constructor(
    directory: string,
    { files = systemFiles, space = FreeSpace.unlimited, most = Infinity }: SpoolOptions = {},
  ) {
    this.#directory = directory;
    this.#files = files;
    this.#space = space;
    this.#most = most;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Removes what a process left that was killed between making a file and taking its name. Only for a server that is starting. */
  async clear(): Promise<void> {
    for (const name of this.#files.names(this.#directory)) await this.#files.unlink(path.join(this.#directory, name));
  }

  /** @throws StorageFailure */
  async open(): Promise<SpooledContent> {
    await this.#space.require();
    const name = path.join(this.#directory, newGuid());
    try {
      const file = new OpenFile(this.#files, this.#files.open(name, 'wx+', 0o600));
      try {
        await this.#files.unlink(name);
      } catch (error) {
        file.close();
        throw error;
      }
      return new SpooledContent(file, {
        account: (length) => this.#account(length),
        wrote: (length) => this.#space.wrote(length),
      });
    } catch (error) {
      throw new StorageFailure('The content could not be put aside.', { cause: error });
    }
  }

  /** So much more is about to wait, or less. @throws StorageFailure when it would be more than may. */
  #account(length: number): void {
    if (this.#length + length > this.#most) {
      throw new StorageFailure('Too much content waits for its ticket. Send authenticationTicket before the content.');
    }
    this.#length += length;
  }
}

/** What a spool is told of a content. */
interface SpoolListener {
  /** So much more is about to wait, or less. @throws StorageFailure when it would be more than may. */
  account(length: number): void;
  /** So much was written. @throws StorageFailure when the disk is nearly full. */
  wrote(length: number): void | Promise<void>;
}

/** Content that waits. To be closed once. */
export class SpooledContent {
  readonly #file: OpenFile;
  readonly #spool: SpoolListener;
  /** What was accounted for, and written unless that failed. */
  #length = 0;
  #isClosed = false;

  constructor(file: OpenFile, spool: SpoolListener) {
    this.#file = file;
    this.#spool = spool;
  }

  /** What comes after the close is not accounted for: nobody would give it back. @throws StorageFailure */
  write(bytes: Buffer): void | Promise<void> {
    if (this.#isClosed) throw new StorageFailure('The content put aside is gone.');
    this.#spool.account(bytes.length);
    const position = this.#length;
    this.#length += bytes.length;
    try {
      this.#file.write(bytes, position);
    } catch (error) {
      throw new StorageFailure('The content could not be put aside.', { cause: error });
    }
    return this.#spool.wrote(bytes.length);
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
    this.#isClosed = true;
    this.#spool.account(-this.#length);
    this.#length = 0;
    this.#file.close();
  }

  #read(buffer: Buffer, position: number): number {
    try {
      return this.#file.read(buffer, position);
    } catch (error) {
      throw new StorageFailure('The content put aside could not be read.', { cause: error });
    }
  }
}
