import type { Transaction } from 'kysely';
import type { Database } from '../storage/database.js';
import type { Instant, Schema } from '../storage/schema.js';
import type { Crc32 } from '../values/crc32.js';
import { Failure } from '../values/failure.js';
import { SMALLEST_VERSION, type VersionNumber } from '../values/version-number.js';
import type { Caller } from './caller.js';
import type { Document, Version } from './document.js';
import { documentNotFound, versionNotFound } from './failures.js';
import type { Lookups } from './lookups.js';

/** A line of a document's history. */
export interface HistoryEntry {
  readonly number: VersionNumber;
  /** Bytes. */
  readonly size: number;
  readonly crc32: Crc32;
  readonly comment: string;
  readonly authorId: number;
  readonly authorName: string;
  readonly createdAt: Instant;
  /** Undefined when the version was not published. */
  readonly publishedAt: Instant | undefined;
}

const VERSION_COLUMNS = ['document_id', 'number', 'content_id', 'size', 'crc32', 'modified_at'] as const;

/** The documents of the libraries and their versions, to be read. New versions come by a commit. */
export class Documents {
  readonly #database: Database;
  readonly #lookups: Lookups;

  constructor(database: Database, lookups: Lookups) {
    this.#database = database;
    this.#lookups = lookups;
  }

  /** The document a path names; undefined when there is none that the caller may see. */
  find(caller: Caller, path: string): Promise<Document | undefined> {
    return this.#lookups.document(this.#database.queries, caller, path);
  }

  /** The document a path names. @throws Failure when there is none that the caller may see. */
  async resolve(caller: Caller, path: string): Promise<Document> {
    const document = await this.find(caller, path);
    if (!document) throw documentNotFound();
    return document;
  }

  /** The version with a number, 0 for the latest. @throws Failure for a number between them (CONTRACT: 1–999999 is an error). */
  async byNumber(document: Document, number: number): Promise<Version> {
    if (number === 0) return document.latest;
    if (number < SMALLEST_VERSION) {
      throw new Failure(
        `${number} is not a version number: give 0 for the latest version, or ${SMALLEST_VERSION} or more.`,
      );
    }
    return this.#latestBetween(document, number, number);
  }

  /** As {@link byNumber}, but 1–999999 means the latest version of that major number (CONTRACT, DownloadDocumentVersion). */
  async byNumberOrMajor(document: Document, number: number): Promise<Version> {
    if (number < 1 || number >= SMALLEST_VERSION) return this.byNumber(document, number);
    return this.#latestBetween(document, number * SMALLEST_VERSION, (number + 1) * SMALLEST_VERSION - 1);
  }

  /** The latest version that was published; undefined when none was. */
  async published(document: Document): Promise<Version | undefined> {
    const row = await this.#database.queries
      .selectFrom('versions')
      .select(VERSION_COLUMNS)
      .where('document_id', '=', document.id)
      .where('published_at', 'is not', null)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && toVersion(row);
  }

  /** The latest versions up to a number, the latest first: at most `limit`. With the latest of the document itself these are always the same. */
  async history(document: Document, upTo: number, limit: number): Promise<HistoryEntry[]> {
    const rows = await this.#database.queries
      .selectFrom('versions')
      .innerJoin('users', 'users.id', 'versions.author_id')
      .select(['number', 'size', 'crc32', 'comment', 'author_id', 'versions.created_at', 'published_at'])
      .select('users.name as author_name')
      .where('document_id', '=', document.id)
      .where('number', '<=', upTo as VersionNumber)
      .orderBy('number', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      number: row.number,
      size: row.size,
      crc32: row.crc32,
      comment: row.comment,
      authorId: row.author_id,
      authorName: row.author_name,
      createdAt: row.created_at,
      publishedAt: row.published_at ?? undefined,
    }));
  }

  /**
   * Takes a document's lock away, whoever holds it: for an administrator, when the holder cannot. Survives a loss of power. `also` runs last
   * in the transaction.
   */
  async unlock(document: Document, also?: (trx: Transaction<Schema>) => Promise<void>): Promise<void> {
    await this.#database.durably(async (trx) => {
      await trx
        .updateTable('documents')
        .set({ locked_by: null, locked_at: null })
        .where('id', '=', document.id)
        .execute();
      await also?.(trx);
    });
  }

  async #latestBetween(document: Document, least: number, most: number): Promise<Version> {
    const row = await this.#database.queries
      .selectFrom('versions')
      .select(VERSION_COLUMNS)
      .where('document_id', '=', document.id)
      .where('number', '>=', least as VersionNumber)
      .where('number', '<=', most as VersionNumber)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!row) throw versionNotFound();
    return toVersion(row);
  }
}

function toVersion(row: {
  document_id: number;
  number: VersionNumber;
  content_id: Version['contentId'];
  size: number;
  crc32: Crc32;
  modified_at: Instant;
}): Version {
  return {
    documentId: row.document_id,
    number: row.number,
    contentId: row.content_id,
    size: row.size,
    crc32: row.crc32,
    modifiedAt: row.modified_at,
  };
}
