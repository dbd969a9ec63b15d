import { StorageFailure } from '../values/failure.js';
import type { FileOperations } from './file-operations.js';

/**
 * An open file. It is closed when it was asked to be and nothing runs on it any more, and nothing begins after that: the system
 * gives the number of a closed file to the next one that is opened, and whoever still used it would read, or write over, another
 * caller's content.
 */
export class OpenFile {
  readonly #files: FileOperations;
  readonly #number: number;
  #running = 0;
  #isClosed = false;

  constructor(files: FileOperations, number: number) {
    this.#files = files;
    this.#number = number;
  }

  /** The number of the file, for something that is over when this function's caller returns. @throws when it has been closed. */
  get number(): number {
    if (this.#isClosed) throw new Error('The file has been closed.');
    return this.#number;
  }

  /** As {@link number}, for something that runs until {@link end} is called. */
  begin(): number {
    const { number } = this;
    this.#running++;
    return number;
  }

  /** @throws StorageFailure as {@link close}. */
  end(): void {
    this.#running--;
    this.#closeWhenIdle();
  }

  /** Again does nothing. @throws StorageFailure when the system reports an error; the file is closed all the same. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (!this.#isClosed || this.#running > 0) return;
    try {
      this.#files.close(this.#number);
    } catch (error) {
      throw new StorageFailure('The content could not be closed.', { cause: error });
    }
  }
}
