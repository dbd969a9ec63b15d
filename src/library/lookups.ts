import { type ExpressionBuilder, sql } from 'kysely';
import type { Queries } from '../storage/database.js';
import { prepareQuery } from '../storage/prepared-query.js';
import type { Flag, Instant, Schema } from '../storage/schema.js';
import type { Crc32 } from '../values/crc32.js';
import type { Guid } from '../values/guid.js';
import { nameKey } from '../values/name-key.js';
import type { VersionNumber } from '../values/version-number.js';
import { type Access, accessOf } from './access.js';
import type { Caller } from './caller.js';
import type { Document } from './document.js';
import type { Folder } from './folder.js';
import { parsePath } from './paths.js';

/**
 * Finding what a path names: one indexed read a name, so that it does not matter how much else is in the library. Everything
 * is asked with the database or the transaction it shall be seen in. What the caller may not read is not found.
 */
export class Lookups {
  readonly #statements: Statements;

  constructor(queries: Queries) {
    this.#statements = prepareStatements(queries);
  }

  async folder(queries: Queries, caller: Caller, pathText: string): Promise<Folder | undefined> {
    const path = parsePath(pathText);
    if (path.kind === 'document') return undefined;
    return this.folderAt(queries, caller, path.folderId, path.names);
  }

  async document(queries: Queries, caller: Caller, pathText: string): Promise<Document | undefined> {
    const path = parsePath(pathText);
    if (path.kind === 'document') return this.documentById(queries, caller, path.documentId);
    const name = path.names.at(-1);
    if (name === undefined || path.endsWithSlash) return undefined;
    const folder = await this.folderAt(queries, caller, path.folderId, path.names.slice(0, -1));
    return folder && this.documentIn(queries, folder, name);
  }

  /** The folder that `names` lead to from a folder, or from the root, in which the libraries are. */
  async folderAt(
    queries: Queries,
    caller: Caller,
    startId: number | undefined,
    names: readonly string[],
  ): Promise<Folder | undefined> {
    const [library, ...below] = names;
    if (startId !== undefined) return this.#descend(queries, await this.#folderById(queries, caller, startId), names);
    if (library === undefined) return undefined;
    return this.#descend(queries, await this.#library(queries, caller, library), below);
  }

  async folderIn(queries: Queries, folder: Folder, name: string): Promise<Folder | undefined> {
    const { rows } = await this.#statements.folderIn(queries, { parentId: folder.id, key: nameKey(name) });
    return rows[0] && { ...folder, id: rows[0].id, name: rows[0].name };
  }

  async documentIn(queries: Queries, folder: Folder, name: string): Promise<Document | undefined> {
    const { rows } = await this.#statements.documentIn(queries, { folderId: folder.id, key: nameKey(name) });
    return rows[0] && toDocument(rows[0], folder);
  }

  async documentById(queries: Queries, caller: Caller, id: number): Promise<Document | undefined> {
    const { rows } = await this.#statements.documentById(queries, { id });
    const row = rows[0];
    /* Looked up in any case, or the time would tell what is there and may not be read from what is not. */
    const library = await this.#folderById(queries, caller, row?.library_id ?? NOWHERE);
    return row && library && toDocument(row, library);
  }

  /** The documents in a folder, by name, read in pages. */
  async *documentsIn(queries: Queries, folderId: number): AsyncGenerator<FoundDocument> {
    yield* inPages((after) => this.#statements.documentsIn(queries, { folderId, after }), toFoundDocument);
  }

  /** The folders in a folder, by name, read in pages. */
  async *foldersIn(queries: Queries, folderId: number): AsyncGenerator<{ id: number; name: string }> {
    yield* inPages(
      (after) => this.#statements.foldersIn(queries, { parentId: folderId, after }),
      (row) => row,
    );
  }

  async #descend(queries: Queries, start: Folder | undefined, names: readonly string[]): Promise<Folder | undefined> {
    let folder = start;
    for (const name of names) {
      if (!folder) return undefined;
      folder = await this.folderIn(queries, folder, name);
    }
    return folder;
  }

  async #library(queries: Queries, caller: Caller, name: string): Promise<Folder | undefined> {
    const { rows } = await this.#statements.library(queries, { key: nameKey(name), userId: caller.id });
    return rows[0] && toFolder(rows[0], caller);
  }

  async #folderById(queries: Queries, caller: Caller, id: number): Promise<Folder | undefined> {
    const { rows } = await this.#statements.folderById(queries, { id, userId: caller.id });
    return rows[0] && toFolder(rows[0], caller);
  }
}

interface FolderRow {
  id: number;
  name: string;
  library_id: number;
  is_offline: Flag;
  everyone: Access;
  own: 'read' | 'write' | null;
}

interface DocumentRow {
  id: number;
  name: string;
  name_key: string;
  folder_id: number;
  library_id: number;
  locked_by: number | null;
  lock_name: string | null;
  number: VersionNumber;
  content_id: Guid;
  size: number;
  crc32: Crc32;
  modified_at: Instant;
}

/** A document found while going through a folder: what is the same for every user. */
export type FoundDocument = Omit<Document, 'access' | 'isOffline'>;

/** The number of no folder. */
const NOWHERE = 0;

/** Rows read at a time where there may be any number. */
const PAGE = 500;

async function* inPages<Row extends { name_key: string }, T>(
  read: (after: string) => Promise<{ rows: Row[] }>,
  convert: (row: Row) => T,
): AsyncGenerator<T> {
  for (let after = ''; ;) {
    const { rows } = await read(after);
    for (const row of rows) yield convert(row);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.name_key;
  }
}

function toFolder(row: FolderRow, caller: Caller): Folder | undefined {
  const access = accessOf(caller, row);
  if (access === 'none') return undefined;
  return { id: row.id, name: row.name, libraryId: row.library_id, isOffline: row.is_offline === 1, access };
}

function toDocument(row: DocumentRow, place: Folder): Document {
  return { ...toFoundDocument(row), isOffline: place.isOffline, access: place.access };
}

function toFoundDocument(row: DocumentRow): FoundDocument {
  return {
    id: row.id,
    name: row.name,
    folderId: row.folder_id,
    libraryId: row.library_id,
    lock: row.locked_by === null ? undefined : { userId: row.locked_by, userName: row.lock_name ?? '' },
    latest: {
      documentId: row.id,
      number: row.number,
      contentId: row.content_id,
      size: row.size,
      crc32: row.crc32,
      modifiedAt: row.modified_at,
    },
  };
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(queries: Queries) {
  return {
    library: prepareQuery<{ key: string; userId: number }, FolderRow>((parameter) =>
      foldersSeenBy(queries, parameter('userId'))
        .where(parentId, '=', 0)
        .where('folders.name_key', '=', parameter('key')),
    ),
    folderById: prepareQuery<{ id: number; userId: number }, FolderRow>((parameter) =>
      foldersSeenBy(queries, parameter('userId')).where('folders.id', '=', parameter('id')),
    ),
    folderIn: prepareQuery<{ parentId: number; key: string }, { id: number; name: string }>((parameter) =>
      queries
        .selectFrom('folders')
        .select(['id', 'name'])
        .where(parentId, '=', parameter('parentId'))
        .where('name_key', '=', parameter('key')),
    ),
    foldersIn: prepareQuery<{ parentId: number; after: string }, { id: number; name: string; name_key: string }>(
      (parameter) =>
        queries
          .selectFrom('folders')
          .select(['id', 'name', 'name_key'])
          .where(parentId, '=', parameter('parentId'))
          .where('name_key', '>', parameter('after'))
          .orderBy('name_key')
          .limit(PAGE),
    ),
    documentsIn: prepareQuery<{ folderId: number; after: string }, DocumentRow>((parameter) =>
      documentsWithLatest(queries)
        .where('documents.folder_id', '=', parameter('folderId'))
        .where('documents.name_key', '>', parameter('after'))
        .orderBy('documents.name_key')
        .limit(PAGE),
    ),
    documentIn: prepareQuery<{ folderId: number; key: string }, DocumentRow>((parameter) =>
      documentsWithLatest(queries)
        .where('documents.folder_id', '=', parameter('folderId'))
        .where('documents.name_key', '=', parameter('key')),
    ),
    documentById: prepareQuery<{ id: number }, DocumentRow>((parameter) =>
      documentsWithLatest(queries).where('documents.id', '=', parameter('id')),
    ),
  };
}

/** A folder's parent, 0 for a library: written as in the index of folders by parent and name, or that would not be used. */
const parentId = sql<number>`coalesce(folders.parent_id, 0)`;

function foldersSeenBy(queries: Queries, userId: number) {
  return queries
    .selectFrom('folders')
    .innerJoin('libraries', (join) =>
      join.on('libraries.folder_id', '=', (eb) => eb.fn.coalesce('folders.library_id', 'folders.id')),
    )
    .leftJoin('library_rights', (join) =>
      join.onRef('library_rights.library_id', '=', 'libraries.folder_id').on('library_rights.user_id', '=', userId),
    )
    .select(['folders.id', 'folders.name', 'libraries.folder_id as library_id'])
    .select(['libraries.is_offline', 'libraries.everyone', 'library_rights.access as own']);
}

function documentsWithLatest(queries: Queries) {
  return queries
    .selectFrom('documents')
    .innerJoin('versions', (join) =>
      join.onRef('versions.document_id', '=', 'documents.id').on('versions.number', '=', latestNumber),
    )
    .leftJoin('users', 'users.id', 'documents.locked_by')
    .select(['documents.id', 'documents.name', 'documents.name_key', 'documents.folder_id', 'documents.library_id'])
    .select(['documents.locked_by', 'users.name as lock_name'])
    .select(['versions.number', 'versions.content_id', 'versions.size', 'versions.crc32', 'versions.modified_at']);
}

function latestNumber(eb: ExpressionBuilder<Schema, 'documents'>) {
  return eb
    .selectFrom('versions as all_versions')
    .select((one) => one.fn.max('all_versions.number').as('number'))
    .whereRef('all_versions.document_id', '=', 'documents.id');
}
