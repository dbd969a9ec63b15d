import { ContentDoubtful, ContentMissing, type ContentStore, type ContentWriter } from '../storage/content-store.js';
import { combineCrc32, upperHex } from '../values/crc32.js';
import { Failure } from '../values/failure.js';
import type { Guid } from '../values/guid.js';
import { type ChunkDestination, type ChunkOutcome, ChunkReservation, type ReceivedChunk } from './chunk-reservation.js';
import { MAX_CHUNK_SIZE } from './chunk-size.js';
import { noUploadHandler, uploadComplete, uploadTooLarge } from './failures.js';
import type { HandlerTurn, HandlerTurns } from './handler-turns.js';
import type { StagedBytes } from './staged-bytes.js';
import type { UploadRecords, UploadRow } from './upload-records.js';
import type { VerifiedUploads } from './verified-uploads.js';
import type { WaitingCaller } from './waiting-caller.js';
import type { WriterClaims } from './writer-claims.js';

/**
 * The most bytes of an upload that are left for the sync after its last chunk: bringing them to the disk is started whenever so many
 * have come. It bounds how long the last chunk takes, whatever the size of the file. Less would cost for nothing: what is older
 * than half a minute the system has brought to the disk by itself.
 */
const WRITE_BACK_EVERY = 512 * 1024 * 1024;

export interface UploadChunksOptions {
  readonly contents: ContentStore;
  /** Keeps other workers away from a handler while this one writes to it. */
  readonly claims: WriterClaims;
  readonly turns: HandlerTurns;
  readonly records: UploadRecords;
  readonly verified: VerifiedUploads;
  /** What a user may stage. */
  readonly staged: StagedBytes;
  /** The most bytes in one upload; 0: any number. */
  readonly uploadSize: number;
}

/**
 * Takes the chunks of uploads. One is written behind the recorded end; only when its checksum is right does the record move, by compare-and-set
 * on the length. What lies behind the recorded end was never acknowledged and is written over. The last chunk is recorded after the
 * content was synced: the bytes of an upload that is recorded as complete survive a loss of power.
 */
export class UploadChunks {
  readonly #options: UploadChunksOptions;
  /** What is brought to the disk while more of it comes. Their claims are kept: see {@link UploadRecords.giveUp}. */
  readonly #writeBacks = new Map<Guid, Promise<void>>();

  constructor(options: UploadChunksOptions) {
    this.#options = options;
  }

  /**
   * Opens a handler for a chunk, once all chunks that came before have been dealt with. The reservation must be
   * released. @throws Failure when there is no such handler in this session, the user has staged too much, or the caller has left before it was its
   * turn; StorageFailure; Error when the caller has a reservation of this handler, for which it would wait for ever.
   */
  async reserve(sessionId: number, id: Guid, caller: WaitingCaller): Promise<ChunkReservation> {
    const { records, turns } = this.#options;
    if (turns.isOf(caller, id)) throw new Error('A call reserves a handler that it has reserved.');
    /* A look before a wait, so that nobody can queue up at a handler that is not theirs. */
    if (turns.isTaken(id)) await records.find(sessionId, id);
    const turn = await turns.take(id, caller);
    try {
      return await this.#reserveInTurn(sessionId, id, turn, caller);
    } catch (error) {
      turn.end();
      throw error;
    }
  }

  /** Waits for all chunks that are under way, and for what is being brought to the disk, also for callers who have left. */
  async ended(): Promise<void> {
    const { turns } = this.#options;
    await turns.ended();
    await Promise.all(this.#writeBacks.values());
    await turns.ended();
  }

  async #reserveInTurn(
    sessionId: number,
    id: Guid,
    turn: HandlerTurn,
    caller: WaitingCaller,
  ): Promise<ChunkReservation> {
    const { claims, records, staged, verified } = this.#options;
    await claims.take(sessionId, id, caller);
    try {
      const row = await verified.find(sessionId, id, caller);
      if (!row.is_complete) await staged.requireRoom(row.user_id);
      await records.keepAlive(row);
      const destination = row.is_complete ? undefined : await this.#openDestination(row);
      return new ChunkReservation(destination, {
        isGone: () => turn.isHandlerGone,
        judge: (chunk) => this.#judge(row, destination?.writer, chunk),
        distrust: () => records.giveUp(row.id),
        end: () => {
          this.#endClaim(id);
          turn.end();
        },
      });
    } catch (error) {
      this.#endClaim(id);
      throw error;
    }
  }

  /** Nobody else is let at an upload that was given up and is still there. */
  #endClaim(id: Guid): void {
    const { claims, records } = this.#options;
    if (records.isDoubtful(id)) claims.keep(id);
    claims.end(id);
  }

  async #openDestination(row: UploadRow): Promise<ChunkDestination> {
    const { contents, records, staged } = this.#options;
    try {
      const writer = await contents.openWriter(row.id, row.length);
      return { writer, counted: staged.beginChunk(row.user_id) };
    } catch (error) {
      if (!(error instanceof ContentMissing)) throw error;
      /* A process that has ended since could delete its bytes only: see UploadRecords.giveUp. */
      await records.delete(row.id);
      throw noUploadHandler();
    }
  }

  /** Decides about a chunk that has been written behind the recorded end, and records it. */
  async #judge(row: UploadRow, writer: ContentWriter | undefined, chunk: ReceivedChunk): Promise<ChunkOutcome> {
    const { claimed, computed, length } = chunk;
    if (length > MAX_CHUNK_SIZE) throw new Failure(`The chunk is larger than ${MAX_CHUNK_SIZE} bytes.`);
    if (!writer) return judgeRepeat(row, chunk);
    refuseOtherThanSuspect(row, chunk);
    if (computed !== claimed) {
      await this.#options.records.suspect(row.id, { claimed, computed });
      return { kind: 'mismatch', claimed, computed };
    }
    return this.#append(row, writer, chunk);
  }

  async #append(
    row: UploadRow,
    writer: ContentWriter,
    { computed, isLast, length: chunkLength }: ReceivedChunk,
  ): Promise<ChunkOutcome> {
    const { records } = this.#options;
    const { id, length: before } = row;
    const length = before + chunkLength;
    this.#requireSize(length);
    const crc32 = combineCrc32(row.crc32, computed, chunkLength);
    if (isLast) {
      /* An attempt at this chunk that did not count may have been longer. */
      writer.cut();
      await this.#writeBacks.get(id);
      await this.#sync(id);
    } else if (Math.floor(length / WRITE_BACK_EVERY) > Math.floor(before / WRITE_BACK_EVERY)) {
      await this.#beginWriteBack(id, writer);
    }
    await this.#close(id, writer);
    if (records.isDoubtful(id)) throw noUploadHandler();
    const last = isLast ? { length: chunkLength, crc32: computed } : undefined;
    await records.append({ id, before, length, crc32, last });
    return { kind: 'taken', fileCrc32: isLast ? crc32 : undefined };
  }

  #requireSize(length: number): void {
    const { uploadSize } = this.#options;
    if (uploadSize > 0 && length > uploadSize) throw uploadTooLarge(uploadSize);
  }

  /** Brings all bytes of a handler to the disk, or deletes it when they may be lost. @throws Failure */
  async #sync(id: Guid): Promise<void> {
    const { contents, records } = this.#options;
    try {
      await contents.sync(id);
    } catch (error) {
      if (error instanceof ContentMissing) throw noUploadHandler();
      if (error instanceof ContentDoubtful) await records.giveUp(id);
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
      await this.#options.records.giveUp(id);
      throw error;
    }
  }

  /**
   * Until it has ended the claim is kept, whoever writes meanwhile: no other worker is told what it finds wrong. When the one before is still under way
   * the caller is faster than the disk, and waits for it.
   */
  async #beginWriteBack(id: Guid, writer: ContentWriter): Promise<void> {
    const { claims, records } = this.#options;
    await this.#writeBacks.get(id);
    claims.keep(id);
    const ended = writer.writeBack().catch(() => records.giveUp(id).catch(() => undefined));
    this.#writeBacks.set(id, ended);
    void ended.then(() => this.#freeWrittenBack(id, ended));
  }

  /** In a turn, so that no chunk is under way that relies on the claim. */
  async #freeWrittenBack(id: Guid, ended: Promise<void>): Promise<void> {
    const { claims, records, turns } = this.#options;
    const turn = await turns.take(id);
    if (this.#writeBacks.get(id) === ended) {
      this.#writeBacks.delete(id);
      if (!records.isDoubtful(id)) claims.letGo(id);
    }
    turn.end();
  }
}

/** After the last chunk a handler takes no more, but the same last chunk again is answered as before: its answer got lost. */
function judgeRepeat(row: UploadRow, chunk: ReceivedChunk): ChunkOutcome {
  const isRepeat =
    chunk.isLast &&
    chunk.claimed === chunk.computed &&
    chunk.length === row.last_chunk_length &&
    chunk.computed === row.last_chunk_crc32;
  if (!isRepeat) throw uploadComplete();
  return { kind: 'taken', fileCrc32: row.crc32 };
}

/** After a mismatch the next chunk must be that chunk again, or a caller who ignores `tryagain` would get a file with a hole. */
function refuseOtherThanSuspect(row: UploadRow, chunk: ReceivedChunk): void {
  if (row.suspect_claimed === null || row.suspect_computed === null) return;
  const suspects = [row.suspect_claimed, row.suspect_computed];
  if (suspects.includes(chunk.claimed) || suspects.includes(chunk.computed)) return;
  throw new Failure(
    `The chunk before this one arrived damaged and must be sent again first: ` +
      `its CRC32 was given as ${upperHex(row.suspect_claimed)} and came out as ${upperHex(row.suspect_computed)}.`,
  );
}
