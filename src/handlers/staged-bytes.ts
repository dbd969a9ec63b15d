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
 * What a look at the records is good for: for so long, ms, and for chunks up to this part of the room there was, since other workers look for
 * themselves. Where room is short, every chunk has a look of its own.
 */
const LOOK_LIFE_MS = 1000;
const LOOK_PART = 1 / 16;

/** A look at what a user has staged. */
interface Look {
  readonly at: number;
  /** Bytes of chunks that may still come by it. */
  left: number;
}

/**
 * Bounds what a user takes of the disk for what is no document: uploads that are not committed, zips, and documents that are being
 * uploaded in one call. Uploads and zips are in the records; what is being written is known to this process alone, so that with several
 * workers a user may pass the bound by what they write on the others.
 */
export class StagedBytes {
  readonly #options: StagedBytesOptions;
  readonly #underWay = new Map<number, number>();
  readonly #looks = new Map<number, Look>();
  readonly #uploads: PreparedQuery<{ userId: number }, { bytes: number }>;
  readonly #all: PreparedQuery<{ userId: number }, { bytes: number }>;

  constructor(options: StagedBytesOptions) {
    this.#options = options;
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
   * Refuses a chunk of a user who has staged as much as they may, before it is written. The chunks that are being written at that moment are
   * not in the sum yet, so that it may be passed by a chunk for each handler. @throws Failure
   */
  async requireRoom(userId: number): Promise<void> {
    const { database, most, now } = this.#options;
    if (most === 0) return;
    const time = now();
    const look = this.#looks.get(userId);
    if (look && look.left >= MAX_CHUNK_SIZE && Math.abs(time - look.at) < LOOK_LIFE_MS) {
      look.left -= MAX_CHUNK_SIZE;
      return;
    }
    const { rows } = await this.#uploads(database, { userId });
    const room = most - (rows[0]?.bytes ?? 0) - this.#writing(userId);
    if (room <= 0) throw tooMuchStaged(most);
    this.#looks.set(userId, { at: time, left: room * LOOK_PART });
  }

  /** Begins to count a content that is no upload handler's. It counts until it is ended. */
  async begin(userId: number): Promise<CountedContent> {
    const { database, most } = this.#options;
    const { rows } = most === 0 ? { rows: [] } : await this.#all(database, { userId });
    const recorded = rows.reduce((sum, { bytes }) => sum + bytes, 0);
    return new CountedContent((bytes) => {
      const writing = this.#writing(userId) + bytes;
      if (writing > 0) this.#underWay.set(userId, writing);
      else this.#underWay.delete(userId);
      if (most > 0 && bytes > 0 && recorded + writing > most) throw tooMuchInUse(most);
    });
  }

  #writing(userId: number): number {
    return this.#underWay.get(userId) ?? 0;
  }
}

/** A content whose bytes count as staged while it is written. */
export class CountedContent {
  readonly #change: (bytes: number) => void;
  #bytes = 0;

  constructor(change: (bytes: number) => void) {
    this.#change = change;
  }

  /** To be called before bytes are written. @throws Failure when the user would have more than they may. */
  add(bytes: number): void {
    this.#bytes += bytes;
    this.#change(bytes);
  }

  /** It counts no longer: it is in the records by now, or gone. Again does nothing. */
  end(): void {
    this.#change(-this.#bytes);
    this.#bytes = 0;
  }
}
