import type { Kysely, Transaction } from 'kysely';
import { StorageFailure } from '../values/failure.js';
import type { Guid } from '../values/guid.js';
import type { ContentStore } from './content-store.js';
import type { Schema, UnclaimedContentsTable } from './schema.js';
import type { Database } from './database.js';

/** SQLite's limit of parameters is far above this; the batches bound how long one transaction holds the database. */
const BATCH = 500;

/**
 * The contents that may lie in the store and belong to nothing: see the table of this name. Every content passes through here on
 * its way out, and contents not made for an upload handler also on their way in.
 */
export class UnclaimedContents {
  readonly #database: Database;
  readonly #contents: ContentStore;
  readonly #worker: string | null;
  /** What could not be removed yet. */
  readonly #left = new Set<Guid>();

  /** `worker` names this process among all workers there ever were; undefined when it is none. */
  constructor(database: Database, contents: ContentStore, worker?: string) {
    this.#database = database;
    this.#contents = contents;
    this.#worker = worker ?? null;
  }

  /** To be called before a content without any other record is made. */
  async announce(id: Guid): Promise<void> {
    await this.#database.queries.insertInto('unclaimed_contents').values(this.#rowOf(id)).execute();
  }

  /**
   * To be called in the transaction that records what an announced content now is. @throws StorageFailure when the content is not
   * announced any more: a server that started meanwhile has removed it.
   */
  async claim(trx: Transaction<Schema>, id: Guid): Promise<void> {
    const { numDeletedRows } = await trx
      .deleteFrom('unclaimed_contents')
      .where('content_id', '=', id)
      .executeTakeFirstOrThrow();
    if (numDeletedRows !== 1n) throw new StorageFailure('The content was removed while it was being written.');
  }

  /** To be called in the transaction that removes the last record of these contents; then {@link remove} them. */
  async release(trx: Kysely<Schema>, ids: readonly Guid[]): Promise<void> {
    for (let start = 0; start < ids.length; start += BATCH) {
      const rows = ids.slice(start, start + BATCH).map((id) => this.#rowOf(id));
      await trx.insertInto('unclaimed_contents').values(rows).execute();
    }
  }

  /**
   * Removes announced or released contents from the store, then their rows. Does not reject: whoever calls has done what they were asked
   * for, or failed at it. What cannot be removed now is removed when the disk is better, after the next removal, or when this process has ended.
   */
  async remove(ids: readonly Guid[]): Promise<void> {
    if (!(await this.#tryToRemove(ids)) || this.#left.size === 0) return;
    const again = [...this.#left].slice(0, BATCH);
    for (const id of again) this.#left.delete(id);
    await this.#tryToRemove(again);
  }

  /** Returns whether they are gone. */
  async #tryToRemove(ids: readonly Guid[]): Promise<boolean> {
    try {
      await this.#removeNow(ids);
      return true;
    } catch {
      for (const id of ids) this.#left.add(id);
      return false;
    }
  }

  /** @throws StorageFailure */
  async #removeNow(ids: readonly Guid[]): Promise<void> {
    for (let start = 0; start < ids.length; start += BATCH) {
      const batch = ids.slice(start, start + BATCH);
      for (const id of batch) await this.#contents.remove(id);
      await this.#database.queries.deleteFrom('unclaimed_contents').where('content_id', 'in', batch).execute();
    }
  }

  /**
   * Removes all there are of a worker that is no more; of all processes when none is named, which only a starting server may do: while one runs, some
   * are being written. @throws StorageFailure
   */
  async removeAll(worker?: string): Promise<void> {
    let query = this.#database.queries.selectFrom('unclaimed_contents').select('content_id').limit(BATCH);
    if (worker !== undefined) query = query.where('worker', '=', worker);
    for (;;) {
      const rows = await query.execute();
      if (rows.length === 0) return;
      await this.#removeNow(rows.map((row) => row.content_id));
    }
  }

  #rowOf(id: Guid): UnclaimedContentsTable {
    return { content_id: id, since: Date.now(), worker: this.#worker };
  }
}
