import type { Transaction } from 'kysely';
import type { ContentStore } from '../storage/content-store.js';
import type { Database } from '../storage/database.js';
import { prepareQuery } from '../storage/prepared-query.js';
import type { Schema, UploadHandlersTable } from '../storage/schema.js';
import type { UnclaimedContents } from '../storage/unclaimed-contents.js';
import type { Crc32 } from '../values/crc32.js';
import type { Guid } from '../values/guid.js';
import { DoubtfulUploads } from './doubtful-uploads.js';
import { noUploadHandler } from './failures.js';
import type { HandlerTurns } from './handler-turns.js';
import { isUseDue } from './last-use.js';

export type UploadRow = UploadHandlersTable;

export interface UploadRecordsOptions {
  readonly database: Database;
  readonly contents: ContentStore;
  readonly unclaimed: UnclaimedContents;
  readonly turns: HandlerTurns;
  /** A handler that was given up, and could not be deleted at once perhaps, is deleted. */
  readonly onDoubtfulGone: (id: Guid) => void;
  /** How long a handler may lie idle, ms. */
  readonly idleLimit: number;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
}

/** A chunk that is written behind the recorded end, for the record. */
export interface WrittenChunk {
  readonly id: Guid;
  /** The recorded length before it, and with it, bytes. */
  readonly before: number;
  readonly length: number;
  /** Of all bytes up to that length. */
  readonly crc32: Crc32;
  /** The last chunk alone, of an upload that is complete with it. */
  readonly last: { readonly length: number; readonly crc32: Crc32 } | undefined;
}

/** The records of upload handlers. Who deletes one here removes its bytes as well. */
export class UploadRecords {
  readonly #options: UploadRecordsOptions;
  readonly #statements: Statements;
  readonly #doubtful: DoubtfulUploads;

  constructor(options: UploadRecordsOptions) {
    this.#options = options;
    this.#statements = prepareStatements(options.database);
    this.#doubtful = new DoubtfulUploads({ delete: (id) => this.delete(id), onGone: options.onDoubtfulGone });
  }

  /** @throws Failure when there is no such handler in this session, or it has been idle for too long; StorageFailure. */
  async find(sessionId: number, id: Guid): Promise<UploadRow> {
    const { database, idleLimit, now } = this.#options;
    const { rows } = await this.#statements.find(database, { id, sessionId });
    const row = rows[0];
    if (!row || row.used_at < now() - idleLimit) throw noUploadHandler();
    if (this.#doubtful.has(id)) {
      await this.#doubtful.delete(id);
      throw noUploadHandler();
    }
    return row;
  }

  /** A slow chunk must not outlive its handler: one that is near its end of life is used before the chunk arrives. */
  async keepAlive(row: UploadRow): Promise<void> {
    const { database, idleLimit, now } = this.#options;
    const time = now();
    if (!isUseDue(row.used_at, time, idleLimit)) return;
    await database.queries.updateTable('upload_handlers').set({ used_at: time }).where('id', '=', row.id).execute();
  }

  /** What was staged in an earlier epoch has been read, and is as recorded. */
  async setEpoch(id: Guid, epoch: number): Promise<void> {
    await this.#options.database.queries.updateTable('upload_handlers').set({ epoch }).where('id', '=', id).execute();
  }

  /** Moves the recorded end behind a chunk. @throws Failure when the record is not what it was before it */
  async append({ id, before, length, crc32, last }: WrittenChunk): Promise<void> {
    const { numAffectedRows } = await this.#statements.append(this.#options.database, {
      id,
      before,
      length,
      crc32,
      complete: last ? 1 : 0,
      lastLength: last ? last.length : null,
      lastCrc32: last ? last.crc32 : null,
    });
    if (numAffectedRows !== 1n) throw noUploadHandler();
  }

  /** Remembers both checksums of a chunk that arrived damaged. */
  async suspect(id: Guid, checksums: { readonly claimed: Crc32; readonly computed: Crc32 }): Promise<void> {
    await this.#statements.suspect(this.#options.database, { id, ...checksums });
  }

  /** Deletes a handler whose bytes cannot be trusted. */
  async delete(id: Guid): Promise<void> {
    await this.deleteWhere((trx) => trx.deleteFrom('upload_handlers').where('id', '=', id).returning('id').execute());
  }

  /** Deletes the handlers whose records `remove` deletes and returns. */
  async deleteWhere(remove: (trx: Transaction<Schema>) => Promise<{ id: Guid }[]>): Promise<void> {
    const { database, unclaimed } = this.#options;
    const ids = await database.transact(async (trx) => {
      const removed = (await remove(trx)).map((row) => row.id);
      await unclaimed.release(trx, removed);
      return removed;
    });
    await this.removeBytes(ids);
  }

  /** Removes the bytes of handlers that were deleted. A chunk of one that is still coming ends here: nobody would see what it fills. */
  async removeBytes(ids: readonly Guid[]): Promise<void> {
    this.#options.turns.handlersGone(ids);
    await this.#options.unclaimed.remove(ids);
  }

  /** Whether a handler was given up, and is still there. */
  isDoubtful(id: Guid): boolean {
    return this.#doubtful.has(id);
  }

  /**
   * Deletes a handler whose bytes may be lost. When its record cannot be deleted, its bytes are: without them no process completes the upload, should
   * this one not live to try again. Only for whoever holds the claim, before the upload is complete: nobody else can have committed it
   * meanwhile. @throws StorageFailure when neither can be
   */
  async giveUp(id: Guid): Promise<void> {
    await this.#doubtful.delete(id).catch(() => this.#options.contents.remove(id));
  }

  /** Deletes the handlers that were given up and are still there. @throws StorageFailure */
  async deleteDoubtful(): Promise<void> {
    await this.#doubtful.deleteAll();
  }
}

type Statements = ReturnType<typeof prepareStatements>;

/** What runs for every chunk. */
function prepareStatements({ queries }: Database) {
  return {
    find: prepareQuery<{ id: Guid; sessionId: number }, UploadRow>((parameter) =>
      queries
        .selectFrom('upload_handlers')
        .selectAll()
        .where('id', '=', parameter('id'))
        .where('session_id', '=', parameter('sessionId')),
    ),
    append: prepareQuery<
      {
        id: Guid;
        before: number;
        length: number;
        crc32: Crc32;
        complete: 0 | 1;
        lastLength: number | null;
        lastCrc32: Crc32 | null;
      },
      unknown
    >((parameter) =>
      queries
        .updateTable('upload_handlers')
        .set({
          length: parameter('length'),
          crc32: parameter('crc32'),
          is_complete: parameter('complete'),
          last_chunk_length: parameter('lastLength'),
          last_chunk_crc32: parameter('lastCrc32'),
          suspect_claimed: null,
          suspect_computed: null,
        })
        .where('id', '=', parameter('id'))
        .where('length', '=', parameter('before'))
        .where('is_complete', '=', 0),
    ),
    suspect: prepareQuery<{ id: Guid; claimed: Crc32; computed: Crc32 }, unknown>((parameter) =>
      queries
        .updateTable('upload_handlers')
        .set({
          suspect_claimed: parameter('claimed'),
          suspect_computed: parameter('computed'),
        })
        .where('id', '=', parameter('id')),
    ),
  };
}
