import { sql } from 'kysely';
import type { Database } from '../storage/database.js';
import { type PreparedQuery, prepareQuery } from '../storage/prepared-query.js';
import { tooMuchInUse, tooMuchStaged } from './failures.js';

export interface StagedBytesOptions {
  readonly database: Database;
  /** The bytes a user may have staged; 0 for any number. */
  readonly most: number;
}

/**
 * Bounds what a user takes of the disk for what is no document: uploads that are not committed, zips, and documents that are being
 * uploaded in one call. Uploads and zips are in the records; what is being written is known to this process alone, so that with several
 * workers a user may pass the bound by what they write on the others.
 */
export class StagedBytes {
  readonly #options: StagedBytesOptions;
  readonly #underWay = new Map<number, number>();
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
   * Refuses a chunk of a user who has staged as much as they may, before it is written: for each chunk one read, of an index. The
   * chunks that are being written at that moment are not in the sum yet, so that it may be passed by a chunk for each handler. @throws Failure
   */
  async requireRoom(userId: number): Promise<void> {
    const { database, most } = this.#options;
    if (most === 0) return;
    const { rows } = await this.#uploads(database, { userId });
    if ((rows[0]?.bytes ?? 0) + this.#writing(userId) >= most) throw tooMuchStaged(most);
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
