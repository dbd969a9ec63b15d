import fs from 'node:fs';
import path from 'node:path';
import { codeOf } from '../values/error-code.js';
import { StorageFailure } from '../values/failure.js';
import type { Guid } from '../values/guid.js';
import { type FileOperations, systemFiles } from './file-operations.js';

/**
 * What processes of one machine have claimed, each for itself: a symbolic link for each thing, with its GUID for a name and its holder for a
 * target. The system makes a link only where there is none (symlink(2): EEXIST), and asks no other process to wait meanwhile, as a transaction
 * of the database would. Links outlive their holders: see {@link clear}.
 */
export class ClaimLinks {
  readonly #directory: string;
  readonly #files: FileOperations;

  /** `directory` is made when it is not there. */
  constructor(directory: string, files: FileOperations = systemFiles) {
    this.#directory = directory;
    this.#files = files;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Returns whether it was free, and is claimed now. @throws StorageFailure */
  claim(id: Guid, holder: string): boolean {
    try {
      this.#files.symlink(holder, this.#pathOf(id));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw new StorageFailure('The upload could not be claimed.', { cause: error });
    }
  }

  /** To be called by its holder. @throws StorageFailure */
  release(id: Guid): void {
    this.#remove(id);
  }

  /** @throws StorageFailure */
  isClaimed(id: Guid): boolean {
    return this.#holderOf(id) !== undefined;
  }

  /** Frees what a process claimed that is no more; what anybody claimed when none is named, which only a starting server may do. @throws StorageFailure */
  clear(holder?: string): void {
    for (const name of this.#names()) {
      if (holder === undefined || this.#holderOf(name) === holder) this.#remove(name);
    }
  }

  #names(): string[] {
    try {
      return this.#files.names(this.#directory);
    } catch (error) {
      throw new StorageFailure('The claims on uploads could not be read.', { cause: error });
    }
  }

  #holderOf(name: string): string | undefined {
    try {
      return this.#files.readlink(this.#pathOf(name));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw new StorageFailure('The claim on an upload could not be read.', { cause: error });
    }
  }

  #remove(name: string): void {
    try {
      this.#files.unlinkSync(this.#pathOf(name));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw new StorageFailure('The claim on an upload could not be given back.', { cause: error });
    }
  }

  #pathOf(name: string): string {
    return path.join(this.#directory, name);
  }
}
