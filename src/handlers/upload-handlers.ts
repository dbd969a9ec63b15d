import type { Transaction } from 'kysely';
import { ContentDoubtful, ContentMissing, type ContentStore } from '../storage/content-store.js';
import type { Database } from '../storage/database.js';
import type { Schema } from '../storage/schema.js';
import type { UnclaimedContents } from '../storage/unclaimed-contents.js';
import { type Crc32, EMPTY_CRC32 } from '../values/crc32.js';
import { type Guid, newGuid } from '../values/guid.js';
import type { ChunkReservation } from './chunk-reservation.js';
import { negotiateChunkSize } from './chunk-size.js';
import { noUploadHandler, uploadIncomplete } from './failures.js';
import { requireFreeHandler } from './handler-quota.js';
import { HandlerTurns } from './handler-turns.js';
import { requireSession } from './require-session.js';
import type { StagedBytes } from './staged-bytes.js';
import { UploadChunks } from './upload-chunks.js';
import { UploadRecords } from './upload-records.js';
import { VerifiedUploads } from './verified-uploads.js';
import type { WaitingCaller } from './waiting-caller.js';
import type { WriterClaims } from './writer-claims.js';

/** What UploadHandlers needs, and what can be set. */
export interface UploadHandlersOptions {
  readonly database: Database;
  readonly contents: ContentStore;
  readonly unclaimed: UnclaimedContents;
  /** Keeps other workers away from a handler while this one writes to it. */
  readonly claims: WriterClaims;
  /** The server's epoch: what was staged in an earlier one is checked before it is used. */
  readonly epoch: number;
  /** How long a handler may lie idle, ms. */
  readonly idleLimit: number;
  /** The chunk size of a caller who has no wish, bytes. */
  readonly defaultChunkSize: number;
  readonly limits: UploadLimits;
  /** What a user may stage. */
  readonly staged: StagedBytes;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
}

/** What a user may take. 0: as much as they like. */
export interface UploadLimits {
  /** Handlers, upload and download together. */
  readonly handlers: number;
  /** Bytes in one upload. */
  readonly uploadSize: number;
}

/** A complete upload: what a commit takes over. */
export interface StagedContent {
  readonly id: Guid;
  /** Bytes. */
  readonly size: number;
  readonly crc32: Crc32;
}

/**
 * The upload handlers: contents that are being staged, chunk by chunk.
 *
 * The record of a handler is a promise: so many bytes, with this checksum, are in the content store. Those of one that is complete survive a
 * loss of power. Another record may not: after a loss of power it may say less than the caller was told, whose next chunk would then
 * leave a hole in the file. So what is not complete is given up then ({@link abandonUnfinished}).
 */
export class UploadHandlers {
  readonly #options: UploadHandlersOptions;
  readonly #turns = new HandlerTurns();
  readonly #records: UploadRecords;
  readonly #verified: VerifiedUploads;
  readonly #chunks: UploadChunks;

  constructor(options: UploadHandlersOptions) {
    const { claims, contents, database, epoch, idleLimit, limits, now, staged, unclaimed } = options;
    const turns = this.#turns;
    this.#options = options;
    this.#records = new UploadRecords({
      database,
      contents,
      unclaimed,
      turns,
      onDoubtfulGone: (id) => claims.letGo(id),
      idleLimit,
      now,
    });
    this.#verified = new VerifiedUploads({ contents, records: this.#records, epoch });
    this.#chunks = new UploadChunks({
      contents,
      claims,
      turns,
      records: this.#records,
      verified: this.#verified,
      staged,
      uploadSize: limits.uploadSize,
    });
  }

  /**
   * Makes a handler. `preferredChunkSize` in bytes, 0 for the default. Its content is made before its record is seen, so that
   * nothing can delete the one without the other. @throws Failure when the session has ended, or the user has too many handlers; StorageFailure
   */
  async create(sessionId: number, preferredChunkSize: number): Promise<{ id: Guid; chunkSize: number }> {
    const { contents, database, defaultChunkSize, epoch, limits, now, unclaimed } = this.#options;
    const id = newGuid();
    const chunkSize = negotiateChunkSize(preferredChunkSize, defaultChunkSize);
    const time = now();
    await unclaimed.announce(id);
    try {
      await contents.create(id);
      await database.transact(async (trx) => {
        const userId = await requireSession(trx, sessionId);
        await requireFreeHandler(trx, userId, limits.handlers);
        await unclaimed.claim(trx, id);
        await trx
          .insertInto('upload_handlers')
          .values({
            id,
            session_id: sessionId,
            user_id: userId,
            chunk_size: chunkSize,
            length: 0,
            crc32: EMPTY_CRC32,
            is_complete: 0,
            epoch,
            created_at: time,
            used_at: time,
          })
          .execute();
      });
    } catch (error) {
      await unclaimed.remove([id]);
      throw error;
    }
    return { id, chunkSize };
  }

  /** A place for a chunk: see {@link UploadChunks.reserve}. */
  reserve(sessionId: number, id: Guid, caller: WaitingCaller = {}): Promise<ChunkReservation> {
    return this.#chunks.reserve(sessionId, id, caller);
  }

  /**
   * The complete upload of a handler, for a commit. @throws Failure when there is none or it is not complete, or the caller has left
   * before that was known.
   */
  async staged(sessionId: number, id: Guid, caller: WaitingCaller = {}): Promise<StagedContent> {
    const row = await this.#verified.find(sessionId, id, caller);
    if (!row.is_complete) throw uploadIncomplete();
    return { id: row.id, size: row.length, crc32: row.crc32 };
  }

  /**
   * Gives a complete upload's content to the transaction that records it as a version; the handler is consumed.
   * @throws Failure when another call was faster.
   */
  async consume(trx: Transaction<Schema>, sessionId: number, id: Guid): Promise<void> {
    const { numDeletedRows } = await trx
      .deleteFrom('upload_handlers')
      .where('id', '=', id)
      .where('session_id', '=', sessionId)
      .where('is_complete', '=', 1)
      .executeTakeFirstOrThrow();
    if (numDeletedRows !== 1n) throw noUploadHandler();
  }

  /** Deletes a handler of this session and its staged bytes. Deleting one that is not there is done already. */
  async discard(sessionId: number, id: Guid): Promise<void> {
    await this.#records.deleteWhere((trx) =>
      trx
        .deleteFrom('upload_handlers')
        .where('id', '=', id)
        .where('session_id', '=', sessionId)
        .returning('id')
        .execute(),
    );
  }

  /** Deletes the handlers of sessions that end. The function it returns removes the bytes, after the transaction. */
  async discardOf(trx: Transaction<Schema>, sessionIds: readonly number[]): Promise<() => Promise<void>> {
    const rows = await trx
      .deleteFrom('upload_handlers')
      .where('session_id', 'in', sessionIds)
      .returning('id')
      .execute();
    const ids = rows.map((row) => row.id);
    await this.#options.unclaimed.release(trx, ids);
    return () => this.#records.removeBytes(ids);
  }

  /**
   * Deletes the handlers that have been idle for too long, but for those that a chunk is coming for: whoever claims one of the others from now on finds
   * that it has expired. @throws StorageFailure
   */
  async expire(): Promise<void> {
    const { claims, database, idleLimit, now } = this.#options;
    const idleSince = now() - idleLimit;
    const rows = await database.queries
      .selectFrom('upload_handlers')
      .select('id')
      .where('used_at', '<', idleSince)
      .execute();
    for (const { id } of rows) {
      if (this.#turns.isTaken(id) || claims.isTaken(id)) continue;
      await this.#records.deleteWhere((trx) =>
        trx
          .deleteFrom('upload_handlers')
          .where('id', '=', id)
          .where('used_at', '<', idleSince)
          .returning('id')
          .execute(),
      );
    }
  }

  /**
   * Makes what is staged survive a loss of power, and deletes what cannot. Only for a server that takes no more chunks.
   * @throws StorageFailure when some of it may not survive.
   */
  async syncAll(): Promise<void> {
    const { contents, database, epoch } = this.#options;
    const rows = await database.queries
      .selectFrom('upload_handlers')
      .select('id')
      .where('epoch', '=', epoch)
      .where('is_complete', '=', 0)
      .execute();
    for (const { id } of rows) {
      try {
        await contents.sync(id);
      } catch (error) {
        if (!(error instanceof ContentMissing) && !(error instanceof ContentDoubtful)) throw error;
        await this.#records.delete(id);
      }
    }
  }

  /**
   * Waits for what is being brought to the disk, also for callers who have left, and deletes the handlers that could not be deleted before though their
   * bytes may be lost. Only for a server that takes no more chunks. @throws StorageFailure
   */
  async deleteDoubtful(): Promise<void> {
    await this.#chunks.ended();
    await this.#records.deleteDoubtful();
  }

  /** Deletes the handlers that are not complete. Only for a server that starts after a loss of power. */
  async abandonUnfinished(): Promise<void> {
    await this.#records.deleteWhere((trx) =>
      trx.deleteFrom('upload_handlers').where('is_complete', '=', 0).returning('id').execute(),
    );
  }
}
