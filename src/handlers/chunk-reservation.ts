import type { ContentWriter } from '../storage/content-store.js';
import type { Crc32 } from '../values/crc32.js';
import { noUploadHandler } from './failures.js';
import type { CountedContent } from './staged-bytes.js';

/** A chunk as the caller announced it and as it arrived. */
export interface ReceivedChunk {
  /** Bytes. */
  readonly length: number;
  /** The checksum of what arrived. */
  readonly computed: Crc32;
  /** The checksum the caller says it has. */
  readonly claimed: Crc32;
  readonly isLast: boolean;
}

/** What became of a chunk: it was taken (with the file's checksum when it was the last), or it has to be sent again. */
export type ChunkOutcome =
  | { readonly kind: 'taken'; readonly fileCrc32: Crc32 | undefined }
  | { readonly kind: 'mismatch'; readonly claimed: Crc32; readonly computed: Crc32 };

/** What a reservation does with the handler it is a place of. */
export interface ReservedHandler {
  /** Whether it was deleted, by this process, since the reservation was made. */
  readonly isGone: () => boolean;
  /** Decides about the chunk that was written. */
  readonly judge: (chunk: ReceivedChunk) => Promise<ChunkOutcome>;
  /** Deletes it: its bytes may be lost. */
  readonly distrust: () => Promise<void>;
  /** Lets the next one at it. Does not throw. */
  readonly end: () => void;
}

/** Where the bytes of a chunk go. */
export interface ChunkDestination {
  readonly writer: ContentWriter;
  /** Counts the chunk for its user until it is in the records, or nowhere. */
  readonly counted: CountedContent;
}

/**
 * A handler's place for one chunk: the bytes behind the recorded end. Nobody else writes there until it is released.
 * A complete handler's reservation takes no bytes: it serves to recognise the last chunk sent again.
 */
export class ChunkReservation {
  readonly #destination: ChunkDestination | undefined;
  readonly #handler: ReservedHandler;
  #isReleased = false;

  constructor(destination: ChunkDestination | undefined, handler: ReservedHandler) {
    this.#destination = destination;
    this.#handler = handler;
  }

  /**
   * Once the handler has been deleted nothing is written any more: its file would take the bytes unseen. {@link accept} tells.
   * @throws Failure when too much of the user's is under way; StorageFailure.
   */
  write(bytes: Buffer): void | Promise<void> {
    if (!this.#destination || this.#handler.isGone()) return;
    const { counted, writer } = this.#destination;
    const room = counted.add(bytes.length);
    return room ? room.then(() => writer.write(bytes)) : writer.write(bytes);
  }

  /**
   * Takes the chunk that was written, or says why not. To be called once, before the release.
   * @throws Failure when the chunk is not the one that must come next or is too large, or the handler is gone by now; StorageFailure.
   */
  async accept(chunk: ReceivedChunk): Promise<ChunkOutcome> {
    if (this.#handler.isGone()) throw noUploadHandler();
    return this.#handler.judge(chunk);
  }

  /** Again does nothing. Does not reject: whether the chunk was taken stands by now. */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    try {
      this.#destination?.writer.close();
    } catch {
      /* When that fails too, it is tried again. */
      await this.#handler.distrust().catch(() => undefined);
    } finally {
      this.#destination?.counted.end();
      this.#handler.end();
    }
  }
}
