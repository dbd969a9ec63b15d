import { ChecksumReaders } from '../storage/checksum-readers.js';
import { ContentMissing, type ContentStore } from '../storage/content-store.js';
import type { Guid } from '../values/guid.js';
import { noUploadHandler } from './failures.js';
import { Turns } from './turns.js';
import type { UploadRecords, UploadRow } from './upload-records.js';
import { type WaitingCaller, whileWaiting } from './waiting-caller.js';

/** How many uploads are read at once that were staged before an unclean stop: each may be of any size, and keeps the processor busy. */
const VERIFIED_AT_ONCE = 2;

export interface VerifiedUploadsOptions {
  readonly contents: ContentStore;
  readonly records: UploadRecords;
  /** The server's. */
  readonly epoch: number;
}

/** Finds upload handlers. One staged before an unclean stop counts only when its bytes still have the recorded checksum. */
export class VerifiedUploads {
  readonly #options: VerifiedUploadsOptions;
  /** The turns of those who read what was staged before an unclean stop. */
  readonly #turns = new Turns();
  readonly #checksums = new ChecksumReaders(VERIFIED_AT_ONCE);

  constructor(options: VerifiedUploadsOptions) {
    this.#options = options;
  }

  /** @throws Failure when there is none, or none that can be trusted: that one is deleted; the reason when the caller leaves before that is known. */
  async find(sessionId: number, id: Guid, caller: WaitingCaller): Promise<UploadRow> {
    const { epoch, records } = this.#options;
    const row = await records.find(sessionId, id);
    if (row.epoch === epoch) return row;
    /* By turns, so that one reads and those who come meanwhile find it done. */
    const endTurn = await this.#turns.take(id, caller);
    try {
      return await this.#verify(await records.find(sessionId, id), caller);
    } finally {
      endTurn();
    }
  }

  async #verify(row: UploadRow, caller: WaitingCaller): Promise<UploadRow> {
    const { contents, epoch, records } = this.#options;
    if (row.epoch === epoch) return row;
    if (row.length > 0 || row.is_complete) {
      const reading = { group: String(row.user_id), caller };
      const read = () => this.#checksums.content(contents, row.id, row.length, reading);
      const found = await whileWaiting(caller, read).catch((error: unknown) => {
        if (error instanceof ContentMissing) return undefined;
        throw error;
      });
      if (found !== row.crc32) {
        await records.delete(row.id);
        throw noUploadHandler();
      }
    }
    await records.setEpoch(row.id, epoch);
    return { ...row, epoch };
  }
}
