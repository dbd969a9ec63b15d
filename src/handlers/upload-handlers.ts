import { sql, type Transaction } from 'kysely';
import { ChecksumReaders } from '../storage/checksum-readers.js';
import type { ContentStore, ContentWriter } from '../storage/content-store.js';
import { ContentDoubtful, ContentMissing } from '../storage/content-store.js';
import type { Database } from '../storage/database.js';
import { prepareQuery } from '../storage/prepared-query.js';
import type { Schema, UploadHandlersTable } from '../storage/schema.js';
import type { UnclaimedContents } from '../storage/unclaimed-contents.js';
import { combineCrc32, type Crc32, EMPTY_CRC32, upperHex } from '../values/crc32.js';
import { type Guid, newGuid } from '../values/guid.js';
import { type ChunkDestination, type ChunkOutcome, ChunkReservation, type ReceivedChunk } from './chunk-reservation.js';
import { MAX_CHUNK_SIZE, negotiateChunkSize } from './chunk-size.js';
import { DoubtfulUploads } from './doubtful-uploads.js';
import { noUploadHandler, uploadComplete, uploadIncomplete, uploadTooLarge } from './failures.js';
import { requireFreeHandler } from './handler-quota.js';
import { isUseDue } from './last-use.js';
import { requireSession } from './require-session.js';
import type { StagedBytes } from './staged-bytes.js';
import { type EndTurn, Turns } from './turns.js';
import { type WaitingCaller, whileWaiting } from './waiting-caller.js';
import type { WriterClaim, WriterClaims } from './writer-claims.js';
import { Failure } from '../values/failure.js';

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
 * The most bytes of an upload that are left for the sync after its last chunk: bringing them to the disk is started whenever so many
 * have come. It bounds how long the last chunk takes, whatever the size of the file. Less would cost for nothing: what is older
 * than half a minute the system has brought to the disk by itself.
 */
const WRITE_BACK_EVERY = 512 * 1024 * 1024;

/** How many uploads are read at once that were staged before an unclean stop: each may be of any size, and keeps the processor busy. */
const VERIFIED_AT_ONCE = 2;

type HandlerRow = UploadHandlersTable;

/** A chunk's turn at a handler. */
interface HandlerTurn {
  readonly end: EndTurn;
  /** Whose it is. */
  readonly caller: WaitingCaller;
  /** Whoever deletes the handler says so here. */
  isHandlerGone: boolean;
}

/**
 * The upload handlers: contents that are being staged, chunk by chunk.
 *
 * The record of a handler is a promise: so many bytes, with this checksum, are in the content store. A chunk is written
 * behind the recorded end; only when its checksum is right does the record move, by compare-and-set on the
 * length. What lies behind the recorded end was never acknowledged and is written over. The last chunk is recorded after the
 * content was synced: the bytes of an upload that is recorded as complete survive a loss of power.
 *
 * A record may not: after a loss of power it may say less than the caller was told, whose next chunk would then leave a hole in the
 * file. So what is not complete is given up then ({@link abandonUnfinished}).
 */
export class UploadHandlers {
  readonly #options: UploadHandlersOptions;
  readonly #turns = new Turns();
  /** The turns of those whose turn it is. */
  readonly #current = new Map<Guid, HandlerTurn>();
  /** The turns of those who read what was staged before an unclean stop. */
  readonly #verifying = new Turns();
  readonly #checksums = new ChecksumReaders(VERIFIED_AT_ONCE);
  readonly #statements: Statements;
  readonly #doubtful = new DoubtfulUploads((id) => this.#abandon(id));
  /** What is brought to the disk while more of it comes. Their claims are kept: see {@link #giveUp}. */
  readonly #writeBacks = new Map<Guid, Promise<void>>();

  constructor(options: UploadHandlersOptions) {
    this.#options = options;
    this.#statements = prepareStatements(options.database);
  }

  /**
   * Makes a handler. `preferredChunkSize` in bytes, 0 for the default. Its content is made before its record is seen, so that
   * nothing can delete the one without the other.
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

  /**
   * Opens a handler for a chunk, once all chunks that came before have been dealt with. The reservation must be
   * released. @throws Failure when there is no such handler in this session, or the caller has left before it was its turn; Error when the
   * caller has a reservation of this handler, for which it would wait for ever.
   */
  async reserve(sessionId: number, id: Guid, caller: WaitingCaller = {}): Promise<ChunkReservation> {
    if (this.#current.get(id)?.caller === caller) throw new Error('A call reserves a handler that it has reserved.');
    /* A look before a wait, so that nobody can queue up at a handler that is not theirs. */
    if (this.#turns.isTaken(id)) await this.#find(sessionId, id);
    const turn = await this.#takeTurn(id, caller);
    try {
      return await this.#reserveInTurn(sessionId, id, turn, caller);
    } catch (error) {
      turn.end();
      throw error;
    }
  }

  /** Seen from before the handler is read: whoever deletes it then finds the turn, or the handler is not found in it. */
  async #takeTurn(id: Guid, caller: WaitingCaller): Promise<HandlerTurn> {
    const endTurn = await this.#turns.take(id, caller);
    const end = (): void => {
      this.#current.delete(id);
      endTurn();
    };
    const turn = { end, caller, isHandlerGone: false };
    this.#current.set(id, turn);
    return turn;
  }

  async #reserveInTurn(
    sessionId: number,
    id: Guid,
    turn: HandlerTurn,
    caller: WaitingCaller,
  ): Promise<ChunkReservation> {
    const { claims } = this.#options;
    const claim = await claims.take(sessionId, id, caller);
    const endClaim = async (): Promise<void> => {
      if (this.#doubtful.has(id)) claim.keep();
      await claim.end();
    };
    const end = async (): Promise<void> => {
      try {
        await endClaim();
      } finally {
        turn.end();
      }
    };
    try {
      const row = await this.#findVerified(sessionId, id, caller);
      if (!row.is_complete) await this.#options.staged.requireRoom(row.user_id);
      await this.#keepAlive(row);
      const destination = row.is_complete ? undefined : await this.#openDestination(row);
      return new ChunkReservation(destination, {
        isGone: () => turn.isHandlerGone,
        judge: (chunk) => this.#judge(row, destination?.writer, claim, chunk),
        distrust: () => this.#giveUp(row.id),
        end,
      });
    } catch (error) {
      await endClaim();
      throw error;
    }
  }

  async #openDestination(row: HandlerRow): Promise<ChunkDestination> {
    const { contents, staged } = this.#options;
    try {
      const writer = await contents.openWriter(row.id, row.length);
      return { writer, counted: staged.beginChunk(row.user_id) };
    } catch (error) {
      if (!(error instanceof ContentMissing)) throw error;
      /* A process that has ended since could delete its bytes only: see #giveUp. */
      await this.#abandon(row.id);
      throw noUploadHandler();
    }
  }

  /** Decides about a chunk that has been written behind the recorded end, and records it. */
  async #judge(
    row: HandlerRow,
    writer: ContentWriter | undefined,
    claim: WriterClaim,
    chunk: ReceivedChunk,
  ): Promise<ChunkOutcome> {
    if (chunk.length > MAX_CHUNK_SIZE) {
      throw new Failure(`The chunk is larger than ${MAX_CHUNK_SIZE} bytes.`);
    }
    if (!writer) return judgeRepeat(row, chunk);
    refuseOtherThanSuspect(row, chunk);
    if (chunk.computed !== chunk.claimed) {
      await this.#statements.suspect(this.#options.database, {
        id: row.id,
        claimed: chunk.claimed,
        computed: chunk.computed,
      });
      return { kind: 'mismatch', claimed: chunk.claimed, computed: chunk.computed };
    }
    return this.#append(row, writer, claim, chunk);
  }

  async #append(
    row: HandlerRow,
    writer: ContentWriter,
    claim: WriterClaim,
    chunk: ReceivedChunk,
  ): Promise<ChunkOutcome> {
    const { database } = this.#options;
    const length = row.length + chunk.length;
    this.#requireSize(length);
    const fileCrc32 = combineCrc32(row.crc32, chunk.computed, chunk.length);
    if (chunk.isLast) {
      /* An attempt at this chunk that did not count may have been longer. */
      writer.cut();
      await this.#writeBacks.get(row.id);
      await this.#sync(row.id);
    } else if (Math.floor(length / WRITE_BACK_EVERY) > Math.floor(row.length / WRITE_BACK_EVERY)) {
      await this.#beginWriteBack(row.id, writer, claim);
    }
    await this.#close(row.id, writer);
    if (this.#doubtful.has(row.id)) throw noUploadHandler();
    const isKept = this.#writeBacks.has(row.id);
    const { numAffectedRows } = await this.#statements.append(database, {
      id: row.id,
      before: row.length,
      length,
      crc32: fileCrc32,
      complete: chunk.isLast ? 1 : 0,
      lastLength: chunk.isLast ? chunk.length : null,
      lastCrc32: chunk.isLast ? chunk.computed : null,
      isKept: isKept ? 1 : 0,
    });
    if (numAffectedRows !== 1n) throw noUploadHandler();
    if (!isKept) claim.cleared();
    return { kind: 'taken', fileCrc32: chunk.isLast ? fileCrc32 : undefined };
  }

  #requireSize(length: number): void {
    const { uploadSize } = this.#options.limits;
    if (uploadSize > 0 && length > uploadSize) throw uploadTooLarge(uploadSize);
  }

  /** Brings all bytes of a handler to the disk, or deletes it when they may be lost. @throws Failure */
  async #sync(id: Guid): Promise<void> {
    try {
      await this.#options.contents.sync(id);
    } catch (error) {
      if (error instanceof ContentMissing) throw noUploadHandler();
      if (error instanceof ContentDoubtful) await this.#giveUp(id);
      throw error;
    }
  }

  /**
   * Before a chunk is recorded: what the system reports now may be about what was. Of a file that is being brought to the disk it is reported when that
   * ends. @throws StorageFailure
   */
  async #close(id: Guid, writer: ContentWriter): Promise<void> {
    try {
      writer.close();
    } catch (error) {
      await this.#giveUp(id);
      throw error;
    }
  }

  /**
   * Until it has ended the claim is kept, whoever writes meanwhile: no other worker is told what it finds wrong. When the one before is still under way
   * the caller is faster than the disk, and waits for it.
   */
  async #beginWriteBack(id: Guid, writer: ContentWriter, claim: WriterClaim): Promise<void> {
    await this.#writeBacks.get(id);
    claim.keep();
    const ended = writer.writeBack().catch(() => this.#giveUp(id).catch(() => undefined));
    this.#writeBacks.set(id, ended);
    void ended.then(() => this.#freeWrittenBack(id, ended, claim));
  }

  /** In a turn, so that no chunk is under way that relies on the claim. */
  async #freeWrittenBack(id: Guid, ended: Promise<void>, claim: WriterClaim): Promise<void> {
    const endTurn = await this.#turns.take(id);
    if (this.#writeBacks.get(id) === ended) {
      this.#writeBacks.delete(id);
      if (!this.#doubtful.has(id)) claim.letGo();
      await claim.end();
    }
    endTurn();
  }

  /**
   * Deletes a handler whose bytes may be lost. When its record cannot be deleted, its bytes are: without them no process completes the upload, should
   * this one not live to try again. Only for whoever holds the claim, before the upload is complete: nobody else can have committed it
   * meanwhile. @throws StorageFailure when neither can be
   */
  async #giveUp(id: Guid): Promise<void> {
    await this.#doubtful.delete(id).catch(() => this.#options.contents.remove(id));
  }

  /**
   * The complete upload of a handler, for a commit. @throws Failure when there is none or it is not complete, or the caller has left
   * before that was known.
   */
  async staged(sessionId: number, id: Guid, caller: WaitingCaller = {}): Promise<StagedContent> {
    const row = await this.#findVerified(sessionId, id, caller);
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
    await this.#discardWhere((trx) =>
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
    return () => this.#removeStaged(ids);
  }

  /** Deletes the handlers that have been idle for too long. */
  async expire(): Promise<void> {
    const { database, idleLimit, now } = this.#options;
    const idleSince = now() - idleLimit;
    const rows = await database.queries
      .selectFrom('upload_handlers')
      .select('id')
      .where('used_at', '<', idleSince)
      .where('writer', 'is', null)
      .execute();
    const idle = rows.map((row) => row.id).filter((id) => !this.#turns.isTaken(id));
    for (const id of idle) {
      await this.#discardWhere((trx) =>
        trx
          .deleteFrom('upload_handlers')
          .where('id', '=', id)
          .where('used_at', '<', idleSince)
          .where('writer', 'is', null)
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
        await this.#abandon(id);
      }
    }
  }

  /**
   * Waits for what is being brought to the disk, also for callers who have left, and deletes the handlers that could not be deleted before though their
   * bytes may be lost. Only for a server that takes no more chunks. @throws StorageFailure
   */
  async deleteDoubtful(): Promise<void> {
    await this.#turns.ended();
    await Promise.all(this.#writeBacks.values());
    await this.#turns.ended();
    await this.#doubtful.deleteAll();
  }

  /** Deletes the handlers that are not complete. Only for a server that starts after a loss of power. */
  async abandonUnfinished(): Promise<void> {
    await this.#discardWhere((trx) =>
      trx.deleteFrom('upload_handlers').where('is_complete', '=', 0).returning('id').execute(),
    );
  }

  async #find(sessionId: number, id: Guid): Promise<HandlerRow> {
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

  /** A handler staged before an unclean stop counts only when its bytes still have the recorded checksum. */
  async #findVerified(sessionId: number, id: Guid, caller: WaitingCaller): Promise<HandlerRow> {
    const row = await this.#find(sessionId, id);
    if (row.epoch === this.#options.epoch) return row;
    /* By turns, so that one reads and those who come meanwhile find it done. */
    const endTurn = await this.#verifying.take(id, caller);
    try {
      return await this.#verify(await this.#find(sessionId, id), caller);
    } finally {
      endTurn();
    }
  }

  async #verify(row: HandlerRow, caller: WaitingCaller): Promise<HandlerRow> {
    const { contents, database, epoch } = this.#options;
    if (row.epoch === epoch) return row;
    if (row.length > 0 || row.is_complete) {
      const reading = { group: String(row.user_id), caller };
      const read = () => this.#checksums.content(contents, row.id, row.length, reading);
      const found = await whileWaiting(caller, read).catch((error: unknown) => {
        if (error instanceof ContentMissing) return undefined;
        throw error;
      });
      if (found !== row.crc32) {
        await this.#abandon(row.id);
        throw noUploadHandler();
      }
    }
    await database.queries.updateTable('upload_handlers').set({ epoch }).where('id', '=', row.id).execute();
    return { ...row, epoch };
  }

  /** A slow chunk must not outlive its handler: one that is near its end of life is used before the chunk arrives. */
  async #keepAlive(row: HandlerRow): Promise<void> {
    const { database, idleLimit, now } = this.#options;
    const time = now();
    if (!isUseDue(row.used_at, time, idleLimit)) return;
    await database.queries.updateTable('upload_handlers').set({ used_at: time }).where('id', '=', row.id).execute();
  }

  /** Deletes a handler whose bytes cannot be trusted. */
  async #abandon(id: Guid): Promise<void> {
    await this.#discardWhere((trx) => trx.deleteFrom('upload_handlers').where('id', '=', id).returning('id').execute());
  }

  async #discardWhere(remove: (trx: Transaction<Schema>) => Promise<{ id: Guid }[]>): Promise<void> {
    const { database, unclaimed } = this.#options;
    const ids = await database.transact(async (trx) => {
      const removed = (await remove(trx)).map((row) => row.id);
      await unclaimed.release(trx, removed);
      return removed;
    });
    await this.#removeStaged(ids);
  }

  /** Removes the bytes of handlers that were deleted. A chunk of one that is still coming ends here: nobody would see what it fills. */
  async #removeStaged(ids: readonly Guid[]): Promise<void> {
    for (const id of ids) {
      const turn = this.#current.get(id);
      if (turn) turn.isHandlerGone = true;
    }
    await this.#options.unclaimed.remove(ids);
  }
}

/** After the last chunk a handler takes no more, but the same last chunk again is answered as before: its answer got lost. */
function judgeRepeat(row: HandlerRow, chunk: ReceivedChunk): ChunkOutcome {
  const isRepeat =
    chunk.isLast &&
    chunk.claimed === chunk.computed &&
    chunk.length === row.last_chunk_length &&
    chunk.computed === row.last_chunk_crc32;
  if (!isRepeat) throw uploadComplete();
  return { kind: 'taken', fileCrc32: row.crc32 };
}

/** After a mismatch the next chunk must be that chunk again, or a caller who ignores `tryagain` would get a file with a hole. */
function refuseOtherThanSuspect(row: HandlerRow, chunk: ReceivedChunk): void {
  if (row.suspect_claimed === null || row.suspect_computed === null) return;
  const suspects = [row.suspect_claimed, row.suspect_computed];
  if (suspects.includes(chunk.claimed) || suspects.includes(chunk.computed)) return;
  throw new Failure(
    `The chunk before this one arrived damaged and must be sent again first: ` +
      `its CRC32 was given as ${upperHex(row.suspect_claimed)} and came out as ${upperHex(row.suspect_computed)}.`,
  );
}

type Statements = ReturnType<typeof prepareStatements>;

/** What runs for every chunk. */
function prepareStatements({ queries }: Database) {
  return {
    find: prepareQuery<{ id: Guid; sessionId: number }, HandlerRow>((parameter) =>
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
        isKept: 0 | 1;
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
          /* Among several workers: to give the claim back by itself would be one more transaction for each chunk. */
          writer: sql`iif(${parameter('isKept')}, writer, null)`,
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
