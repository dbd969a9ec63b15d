import type { Transaction } from 'kysely';
import { ContentDoubtful, ContentMissing, type ContentStore } from '../storage/content-store.js';
import type { Database } from '../storage/database.js';
import { prepareQuery } from '../storage/prepared-query.js';
import type { DownloadHandlersTable, Schema } from '../storage/schema.js';
import type { UnclaimedContents } from '../storage/unclaimed-contents.js';
import { type Guid, newGuid } from '../values/guid.js';
import { noDownloadHandler } from './failures.js';
import { requireFreeHandler } from './handler-quota.js';
import { isUseDue } from './last-use.js';
import { requireSession } from './require-session.js';

export interface DownloadHandlersOptions {
  readonly database: Database;
  readonly unclaimed: UnclaimedContents;
  /** How long a handler may lie idle, ms. */
  readonly idleLimit: number;
  /** The most handlers a user may have open, upload and download together; 0 for any number. */
  readonly maxHandlers: number;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
}

/** The content a handler shows now. */
export interface ShownContent extends OpenedContent {
  /** What everybody, and what the handler's user may do where the version is; undefined for a zip, which is in no library. */
  readonly rights: { readonly everyone: 'none' | 'read' | 'write'; readonly own: 'read' | 'write' | null } | undefined;
}

type HandlerRow = Pick<DownloadHandlersTable, 'content_id' | 'owns_content' | 'size' | 'used_at'> & {
  everyone: 'none' | 'read' | 'write' | null;
  own: 'read' | 'write' | null;
};

type WithinTransaction = (trx: Transaction<Schema>) => Promise<void>;

/** The content a download handler shows. */
export interface OpenedContent {
  readonly contentId: Guid;
  /** Bytes. */
  readonly size: number;
}

/**
 * The download handlers. Content is immutable, so a handler is no more than a record that pins one: what is shown stays the
 * same whatever happens to the document, and opening costs the same for 1 KB and 100 GB. A zip is the exception:
 * its content was made for the handler and goes with it.
 */
export class DownloadHandlers {
  readonly #options: DownloadHandlersOptions;
  readonly #find;
  readonly #touch;

  constructor(options: DownloadHandlersOptions) {
    this.#options = options;
    const { queries } = options.database;
    this.#find = prepareQuery<{ id: Guid; sessionId: number }, HandlerRow>((parameter) =>
      queries
        .selectFrom('download_handlers')
        .leftJoin('versions', 'versions.content_id', 'download_handlers.content_id')
        .leftJoin('documents', 'documents.id', 'versions.document_id')
        .leftJoin('libraries', 'libraries.folder_id', 'documents.library_id')
        .leftJoin('library_rights', (join) =>
          join
            .onRef('library_rights.library_id', '=', 'documents.library_id')
            .onRef('library_rights.user_id', '=', 'download_handlers.user_id'),
        )
        .select(['download_handlers.content_id', 'owns_content', 'download_handlers.size', 'download_handlers.used_at'])
        .select(['libraries.everyone', 'library_rights.access as own'])
        .where('download_handlers.id', '=', parameter('id'))
        .where('download_handlers.session_id', '=', parameter('sessionId')),
    );
    this.#touch = prepareQuery<{ id: Guid; now: number }, unknown>((parameter) =>
      queries
        .updateTable('download_handlers')
        .set({ used_at: parameter('now') })
        .where('id', '=', parameter('id')),
    );
  }

  /** Makes a handler that shows a version's content. `also` runs last in the transaction. @throws Failure when the session has ended, or the user has too many handlers */
  async open(sessionId: number, content: OpenedContent, also?: WithinTransaction): Promise<Guid> {
    return this.#options.database.transact(async (trx) => {
      const id = await this.#insert(trx, sessionId, content, 0);
      await also?.(trx);
      return id;
    });
  }

  /** Refuses a user who has as many handlers as they may, before content is made for another. @throws Failure */
  requireFree(userId: number): Promise<void> {
    return requireFreeHandler(this.#options.database.queries, userId, this.#options.maxHandlers);
  }

  /** Makes a handler that owns the content it shows: one announced as unclaimed, and complete by now. `also` runs last. @throws as {@link open} */
  async adopt(sessionId: number, content: OpenedContent, also?: WithinTransaction): Promise<Guid> {
    const { database, unclaimed } = this.#options;
    return database.transact(async (trx) => {
      await unclaimed.claim(trx, content.contentId);
      const id = await this.#insert(trx, sessionId, content, 1);
      await also?.(trx);
      return id;
    });
  }

  /** The content of a handler of this session. @throws Failure when there is no such handler. */
  async find(sessionId: number, id: Guid): Promise<ShownContent> {
    const { database, idleLimit, now } = this.#options;
    const { rows } = await this.#find(database, { id, sessionId });
    const row = rows[0];
    const time = now();
    if (!row || row.used_at < time - idleLimit) throw noDownloadHandler();
    if (isUseDue(row.used_at, time, idleLimit)) await this.#touch(database, { id, now: time });
    return { contentId: row.content_id, size: row.size, rights: rightsOf(row) };
  }

  /** Deletes a handler of this session. Deleting one that is not there is done already. */
  async discard(sessionId: number, id: Guid): Promise<void> {
    await this.#discardWhere((trx) =>
      deleteHandlers(trx).where('id', '=', id).where('session_id', '=', sessionId).execute(),
    );
  }

  /** Deletes the handlers of sessions that end. The function it returns removes owned bytes, after the transaction. */
  async discardOf(trx: Transaction<Schema>, sessionIds: readonly number[]): Promise<() => Promise<void>> {
    const rows = await deleteHandlers(trx).where('session_id', 'in', sessionIds).execute();
    const owned = ownedContents(rows);
    await this.#options.unclaimed.release(trx, owned);
    return () => this.#options.unclaimed.remove(owned);
  }

  /** Deletes the handlers that have been idle for too long. */
  async expire(): Promise<void> {
    const { idleLimit, now } = this.#options;
    const idleSince = now() - idleLimit;
    await this.#discardWhere((trx) => deleteHandlers(trx).where('used_at', '<', idleSince).execute());
  }

  /**
   * Makes the contents that handlers own survive a loss of power, and deletes the handlers of those that cannot. Only for a
   * server that makes no more. @throws StorageFailure when some may not survive.
   */
  async syncAll(contents: ContentStore): Promise<void> {
    const rows = await this.#options.database.queries
      .selectFrom('download_handlers')
      .select(['id', 'content_id'])
      .where('owns_content', '=', 1)
      .execute();
    for (const row of rows) {
      try {
        await contents.sync(row.content_id);
      } catch (error) {
        if (!(error instanceof ContentMissing) && !(error instanceof ContentDoubtful)) throw error;
        await this.#discardWhere((trx) => deleteHandlers(trx).where('id', '=', row.id).execute());
      }
    }
  }

  /** Deletes the handlers that own their contents: nobody has synced those. Only for a server that starts after a loss of power. */
  async abandonOwners(): Promise<void> {
    await this.#discardWhere((trx) => deleteHandlers(trx).where('owns_content', '=', 1).execute());
  }

  async #insert(
    trx: Transaction<Schema>,
    sessionId: number,
    content: OpenedContent,
    ownsContent: 0 | 1,
  ): Promise<Guid> {
    const id = newGuid();
    const time = this.#options.now();
    const userId = await requireSession(trx, sessionId);
    await requireFreeHandler(trx, userId, this.#options.maxHandlers);
    await trx
      .insertInto('download_handlers')
      .values({
        id,
        session_id: sessionId,
        user_id: userId,
        content_id: content.contentId,
        owns_content: ownsContent,
        size: content.size,
        created_at: time,
        used_at: time,
      })
      .execute();
    return id;
  }

  async #discardWhere(remove: (trx: Transaction<Schema>) => Promise<OwnershipRow[]>): Promise<void> {
    const { database, unclaimed } = this.#options;
    const owned = await database.transact(async (trx) => {
      const contents = ownedContents(await remove(trx));
      await unclaimed.release(trx, contents);
      return contents;
    });
    await unclaimed.remove(owned);
  }
}

/** Undefined for a zip alone: a content that is no version any more is nobody's to read. @throws Failure */
function rightsOf({ everyone, own, owns_content }: HandlerRow): ShownContent['rights'] {
  if (owns_content === 1) return undefined;
  if (everyone === null) throw noDownloadHandler();
  return { everyone, own };
}

type OwnershipRow = Pick<DownloadHandlersTable, 'content_id' | 'owns_content'>;

/** The rows it gives are what {@link ownedContents} takes. */
function deleteHandlers(trx: Transaction<Schema>) {
  return trx.deleteFrom('download_handlers').returning(['content_id', 'owns_content']);
}

function ownedContents(rows: readonly OwnershipRow[]): Guid[] {
  return rows.filter((row) => row.owns_content === 1).map((row) => row.content_id);
}
