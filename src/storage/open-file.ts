import { StorageFailure } from '../values/failure.js';
import type { FileOperations } from './file-operations.js';

/**
 * An open file. It is closed when it was asked to be and nothing runs on it any more, and nothing begins after that: the system
 * gives the number of a closed file to the next one that is opened, and whoever still used it would read, or write over, another
 * caller's content. What the system reports is thrown as it is, but for the closing.
 */
export class OpenFile {
  readonly #files: FileOperations;
  readonly #number: number;
  #syncs = 0;
  #isClosed = false;

  constructor(files: FileOperations, number: number) {
    this.#files = files;
    this.#number = number;
  }

  /** Reads into `buffer` from `position` on; returns how many bytes: fewer than asked only at the end. */
  read(buffer: Buffer, position: number): number {
    return this.#files.read(this.#requireOpen(), buffer, position);
  }

  /** Writes all of `bytes` from `position` on. */
  write(bytes: Buffer, position: number): void {
    const number = this.#requireOpen();
    for (let done = 0; done < bytes.length;) {
      done += this.#files.write(number, bytes, done, bytes.length - done, position + done);
    }
  }

  /** Cuts the file off at a length, bytes. */
  truncate(length: number): void {
    this.#files.truncate(this.#requireOpen(), length);
  }

  /** Brings its bytes to the disk. It may be closed meanwhile. */
  async sync(): Promise<void> {
    const number = this.#requireOpen();
    this.#syncs++;
    try {
      await this.#files.fdatasync(number);
    } finally {
      this.#syncs--;
      this.#closeWhenIdle();
    }
  }

  /** Again does nothing. @throws StorageFailure when the system reports an error; the file is closed all the same. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeWhenIdle();
  }

  #requireOpen(): number {
    if (this.#isClosed) throw new Error('The file has been closed.');
    return this.#number;
  }

  #closeWhenIdle(): void {
    if (!this.#isClosed || this.#syncs > 0) return;
    try {
      this.#files.close(this.#number);
    } catch (error) {
      throw new StorageFailure('The content could not be closed.', { cause: error });
    }
  }
}
