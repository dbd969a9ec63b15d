import type { Guid } from '../values/guid.js';

/** How long to wait before trying again to delete an upload, ms: the database is busy, or the disk is full or fails. */
const RETRY_MS = 500;

export interface DoubtfulUploadsOptions {
  /** Deletes one, or finds it gone. @throws StorageFailure */
  readonly delete: (id: Guid) => Promise<void>;
  /** One is deleted, or was found gone. */
  readonly onGone: (id: Guid) => void;
}

/**
 * Uploads whose bytes may not have reached the disk, and that could not be deleted for it yet. This process alone knows of them: the system reports
 * such an error once (see ContentDoubtful), and the record of it is what could not be written.
 */
export class DoubtfulUploads {
  readonly #options: DoubtfulUploadsOptions;
  readonly #ids = new Set<Guid>();

  constructor(options: DoubtfulUploadsOptions) {
    this.#options = options;
  }

  has(id: Guid): boolean {
    return this.#ids.has(id);
  }

  /** Deletes an upload. When that fails it is doubtful, and deleting it is tried until it succeeds. @throws StorageFailure */
  async delete(id: Guid): Promise<void> {
    const isTriedAlready = this.#ids.has(id);
    this.#ids.add(id);
    try {
      await this.#try(id);
    } catch (error) {
      if (!isTriedAlready) this.#tryLater(id);
      throw error;
    }
  }

  /** Deletes all there are. @throws StorageFailure when one of them could not be */
  async deleteAll(): Promise<void> {
    for (const id of this.#ids) await this.#try(id);
  }

  async #try(id: Guid): Promise<void> {
    await this.#options.delete(id);
    this.#ids.delete(id);
    this.#options.onGone(id);
  }

  #tryLater(id: Guid): void {
    const timer = setTimeout(() => {
      if (this.#ids.has(id)) this.#try(id).catch(() => this.#tryLater(id));
    }, RETRY_MS);
    timer.unref();
  }
}
