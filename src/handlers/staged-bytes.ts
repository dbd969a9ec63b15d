import { sql } from 'kysely';
import type { Database } from '../storage/database.js';
import { type PreparedQuery, prepareQuery } from '../storage/prepared-query.js';
import { MAX_CHUNK_SIZE } from './chunk-size.js';
import { tooMuchInUse, tooMuchStaged } from './failures.js';

export interface StagedBytesOptions {
  readonly database: Database;
  /** The bytes a user may have staged; 0 for any number. */
  readonly most: number;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
}

/**
 * What a look at the records is good for: for so long, ms, and for bytes up to this part of the room there was, since other workers look for
 * themselves, and what is written becomes records meanwhile. Where room is short, every chunk and every piece has a look of its own.
 */
const LOOK_LIFE_MS = 1000;
const LOOK_PART = 1 / 16;

/** The last look at the records of each user. */
class Looks {
  readonly #now: () => number;
  readonly #looks = new Map<number, { readonly at: number; left: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether so many bytes more may be written without another look. */
  allow(userId: number, bytes: number): boolean {
    const look = this.#looks.get(userId);
    if (!look || look.left < bytes || Math.abs(this.#now() - look.at) >= LOOK_LIFE_MS) return false;
    look.left -= bytes;
    return true;
  }

  /** A look found so much room. */
  found(userId: number, room: number): void {
    this.#looks.set(userId, { at: this.#now(), left: room * LOOK_PART });
  }
}

/**
 * Bounds what a user takes of the disk for what is no document: uploads that are not committed, zips, and documents that are being
 * uploaded in one call. Uploads and zips are in the records; what is being written, chunks among it, is known to this process alone, so that
 * with several workers a user may pass the bound by what they write on the others.
 */
export class StagedBytes {
  readonly #options: StagedBytesOptions;
  readonly #underWay = new Map<number, number>();
  readonly #looksAtUploads: Looks;
  readonly #looksAtAll: Looks;
  readonly #uploads: PreparedQuery<{ userId: number }, { bytes: number }>;
  readonly #all: PreparedQuery<{ userId: number }, { bytes: number }>;

  constructor(options: StagedBytesOptions) {
    this.#options = options;
    this.#looksAtUploads = new Looks(options.now);
    this.#looksAtAll = new Looks(options.now);
    const { queries } = options.database;
    const sum = sql<number>`coalesce(sum(length), 0)`;
    const ofZips = sql<number>`coalesce(sum(size), 0)`;
    this.#uploads = prepareQuery((parameter) =>
      queries.selectFrom('upload_handlers').select(sum.as('bytes')).where('user_id', '=', parameter('userId')),
    );
    this.#all = prepareQuery((parameter) =>
      queries
        .selectFrom('upload_handlers')
        .select(sum.as('bytes'))
        .where('user_id', '=', parameter('userId'))
        .unionAll(
          queries
            .selectFrom('download_handlers')
            .select(ofZips.as('bytes'))
            .where('user_id', '=', parameter('userId'))
            .where('owns_content', '=', 1),
        ),
    );
  }

  /**
   * Refuses a chunk of a user who has staged as much as they may, before it is written. Of chunks that have begun counts what has come of
   * them, so that it may be passed by a chunk for each handler. @throws Failure
   */
  async requireRoom(userId: number): Promise<void> {
    const { database, most } = this.#options;
    if (most === 0 || this.#looksAtUploads.allow(userId, MAX_CHUNK_SIZE)) return;
    const { rows } = await this.#uploads(database, { userId });
    const room = most - sumOf(rows) - this.#writing(userId);
    if (room <= 0) throw tooMuchStaged(most);
    this.#looksAtUploads.found(userId, room);
  }

  /** Begins to count a content that is no upload handler's. It counts until it is ended. */
  begin(userId: number): CountedContent {
    return new CountedContent((bytes) => this.#change(userId, bytes));
  }

  /**
   * Begins to count a chunk that found room. It counts until it is ended, whatever becomes of its handler meanwhile. No look at the records as it
   * comes: what is under way in this process is bounded by itself, by so much as a user may stage and a chunk.
   */
  beginChunk(userId: number): CountedContent {
    const { most } = this.#options;
    return new CountedContent((bytes) => {
      const writing = this.#count(userId, bytes);
      if (most > 0 && bytes > 0 && writing > most + MAX_CHUNK_SIZE) throw tooMuchStaged(most);
    });
  }

  #change(userId: number, bytes: number): void | Promise<void> {
    const { most } = this.#options;
    this.#count(userId, bytes);
    if (most > 0 && bytes > 0 && !this.#looksAtAll.allow(userId, bytes)) return this.#look(userId);
  }

  /** Returns how much of the user's is under way by now. */
  #count(userId: number, bytes: number): number {
    const writing = this.#writing(userId) + bytes;
    if (writing > 0) this.#underWay.set(userId, writing);
    else this.#underWay.delete(userId);
    return writing;
  }

  /** @throws Failure when what is counted by now is too much. */
  async #look(userId: number): Promise<void> {
    const { database, most } = this.#options;
    const { rows } = await this.#all(database, { userId });
    const room = most - sumOf(rows) - this.#writing(userId);
    if (room < 0) throw tooMuchInUse(most);
    this.#looksAtAll.found(userId, room);
  }

  #writing(userId: number): number {
    return this.#underWay.get(userId) ?? 0;
  }
}

function sumOf(rows: readonly { readonly bytes: number }[]): number {
  return rows.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A content, or a chunk of one, whose bytes count as staged while it is written. */
export class CountedContent {
  readonly #change: (bytes: number) => void | Promise<void>;
  #bytes = 0;

  constructor(change: (bytes: number) => void | Promise<void>) {
    this.#change = change;
  }

  /** To be called before bytes are written, and to be awaited when it gives a promise. @throws Failure when the user would have more than they may. */
  add(bytes: number): void | Promise<void> {
    this.#bytes += bytes;
    return this.#change(bytes);
  }

  /** It counts no longer: it is in the records by now, or gone. Again does nothing. */
  end(): void {
    void this.#change(-this.#bytes);
    this.#bytes = 0;
  }
}
