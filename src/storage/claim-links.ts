import path from 'node:path';
import { codeOf } from '../values/error-code.js';
import { StorageFailure } from '../values/failure.js';
import { type Guid, isCanonicalGuid } from '../values/guid.js';
import { type FileOperations, systemFiles } from './file-operations.js';

/** Holds what is no link (readlink(2): EINVAL): no process has this name. */
const NOBODY = '';

/**
 * What processes of one machine have claimed, each for itself: a symbolic link for each thing, with its GUID for a name and its holder for a
 * target. The system makes a link only where there is none (symlink(2): EEXIST), and asks no other process to wait meanwhile, as a transaction
 * of the database would. Links outlive their holders: see {@link free}. What a disk has done that reports an error is not known, so whose a link is
 * is told by what it says, not by what went well.
 */
export class ClaimLinks {
  readonly #directory: string;
  readonly #files: FileOperations;

  /** `directory` is there once a server has started: see {@link clear}. */
  constructor(directory: string, files: FileOperations = systemFiles) {
    this.#directory = directory;
    this.#files = files;
  }

  /** Returns whether it is the holder's now: it was free, or was so already. @throws StorageFailure: it may be the holder's all the same */
  claim(id: Guid, holder: string): boolean {
    try {
      this.#files.symlink(holder, this.#pathOf(id));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return this.#holderOf(id) === holder;
      throw new StorageFailure('The upload could not be claimed.', { cause: error });
    }
  }

  /** Gives up what is the holder's; what is somebody else's, or free, stays so. @throws StorageFailure: it may be free all the same */
  release(id: Guid, holder: string): void {
    if (this.#holderOf(id) === holder) this.#remove(id);
  }

  /** Whether it is claimed, or that cannot be told. */
  isClaimed(id: Guid): boolean {
    try {
      return this.#holderOf(id) !== undefined;
    } catch {
      return true;
    }
  }

  /** Frees all that a process claimed that is no more. @throws StorageFailure */
  free(holder: string): void {
    for (const id of this.#ids()) this.release(id, holder);
  }

  /** Frees all that was claimed, and makes the directory when it is not there. Only for a server that is starting. @throws StorageFailure */
  clear(): void {
    this.#make();
    for (const id of this.#ids()) this.#remove(id);
  }

  #make(): void {
    try {
      this.#files.mkdir(this.#directory);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return;
      throw new StorageFailure('The directory for the claims on uploads could not be made.', { cause: error });
    }
  }

  /** Of other files somebody may know what they are. */
  #ids(): Guid[] {
    try {
      return this.#files.names(this.#directory).filter(isCanonicalGuid);
    } catch (error) {
      throw new StorageFailure('The claims on uploads could not be read.', { cause: error });
    }
  }

  /** Undefined when it is free. */
  #holderOf(id: Guid): string | undefined {
    try {
      return this.#files.readlink(this.#pathOf(id));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      if (codeOf(error) === 'EINVAL') return NOBODY;
      throw new StorageFailure('The claim on an upload could not be read.', { cause: error });
    }
  }

  #remove(id: Guid): void {
    try {
      this.#files.unlinkSync(this.#pathOf(id));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw new StorageFailure('The claim on an upload could not be given back.', { cause: error });
    }
  }

  #pathOf(id: Guid): string {
    return path.join(this.#directory, id);
  }
}
