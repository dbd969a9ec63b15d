import fs from 'node:fs/promises';
import path from 'node:path';
import { DataDirectory } from '../../src/storage/data-directory.js';
import type { Queries } from '../../src/storage/database.js';

export interface RecordedUpload {
  readonly user: string;
  /** Bytes. */
  readonly length: number;
  readonly crc32: number;
  readonly isComplete: boolean;
}

export interface RecordedDownload {
  readonly user: string;
  readonly contentId: string;
  readonly ownsContent: boolean;
}

export interface RecordedVersion {
  readonly contentId: string;
  /** Bytes. */
  readonly size: number;
  readonly crc32: number;
}

/** What lies in the data directory at a moment when nobody calls. */
export interface Records {
  /** By their handlers. */
  readonly uploads: ReadonlyMap<string, RecordedUpload>;
  /** By their handlers. */
  readonly downloads: ReadonlyMap<string, RecordedDownload>;
  /** By their paths, and then by their numbers. A document without a version is there with none. */
  readonly documents: ReadonlyMap<string, ReadonlyMap<number, RecordedVersion>>;
  /** Their paths, without the libraries. */
  readonly folders: ReadonlySet<string>;
  /** Contents that are announced or released, and nothing else. */
  readonly unclaimed: ReadonlySet<string>;
  /** Versions the audit knows of, as `document number/version`, each as often as it does. */
  readonly audited: readonly string[];
  /** Versions there are, in the same form. */
  readonly versions: readonly string[];
  /** The names of the files in the content store. */
  readonly files: ReadonlySet<string>;
}

/** Reads them past the server: what it answers is looked at elsewhere. */
export async function readRecords(data: string): Promise<Records> {
  const database = new DataDirectory(data).openDatabase();
  try {
    const { queries } = database;
    const folders = await folderPaths(queries);
    return {
      uploads: await uploadsIn(queries),
      downloads: await downloadsIn(queries),
      ...(await documentsIn(queries, folders)),
      folders: new Set([...folders.values()].filter((each) => each.split('/').length > 2)),
      unclaimed: await unclaimedIn(queries),
      audited: await auditedIn(queries),
      files: await filesIn(path.join(data, 'content')),
    };
  } finally {
    await database.close();
  }
}

/** The bytes of a content up to a length; fewer where there are fewer. */
export async function contentBytes(data: string, id: string, length: number): Promise<Buffer> {
  return (await fs.readFile(path.join(data, 'content', id.slice(0, 2), id))).subarray(0, length);
}

async function uploadsIn(queries: Queries): Promise<Records['uploads']> {
  const rows = await queries
    .selectFrom('upload_handlers')
    .innerJoin('users', 'users.id', 'user_id')
    .select(['upload_handlers.id', 'name', 'length', 'crc32', 'is_complete'])
    .execute();
  return new Map(
    rows.map(({ crc32, id, is_complete, length, name }) => [
      id,
      { user: name, length, crc32, isComplete: is_complete === 1 },
    ]),
  );
}

async function downloadsIn(queries: Queries): Promise<Records['downloads']> {
  const rows = await queries
    .selectFrom('download_handlers')
    .innerJoin('users', 'users.id', 'user_id')
    .select(['download_handlers.id', 'name', 'content_id', 'owns_content'])
    .execute();
  return new Map(
    rows.map(({ content_id, id, name, owns_content }) => [
      id,
      { user: name, contentId: content_id, ownsContent: owns_content === 1 },
    ]),
  );
}

async function documentsIn(
  queries: Queries,
  folders: ReadonlyMap<number, string>,
): Promise<Pick<Records, 'documents' | 'versions'>> {
  const rows = await queries
    .selectFrom('documents')
    .leftJoin('versions', 'document_id', 'documents.id')
    .select(['documents.id', 'folder_id', 'name', 'number', 'content_id', 'size', 'crc32'])
    .execute();
  const documents = new Map<string, Map<number, RecordedVersion>>();
  for (const { content_id, crc32, folder_id, name, number, size } of rows) {
    const place = `${folders.get(folder_id) ?? '?'}/${name}`;
    const versions = documents.get(place) ?? new Map<number, RecordedVersion>();
    documents.set(place, versions);
    if (content_id === null || crc32 === null || number === null || size === null) continue;
    versions.set(number, { contentId: content_id, size, crc32 });
  }
  return {
    documents,
    versions: rows.flatMap(({ id, number }) => (number === null ? [] : [`${id}/${number}`])),
  };
}

async function folderPaths(queries: Queries): Promise<Map<number, string>> {
  const rows = await queries.selectFrom('folders').select(['id', 'parent_id', 'name']).orderBy('id').execute();
  const paths = new Map<number, string>();
  /* A folder is made after the one it is in. */
  for (const { id, name, parent_id } of rows) {
    paths.set(id, `${parent_id === null ? '' : (paths.get(parent_id) ?? '?')}/${name}`);
  }
  return paths;
}

async function unclaimedIn(queries: Queries): Promise<Records['unclaimed']> {
  const rows = await queries.selectFrom('unclaimed_contents').select('content_id').execute();
  return new Set(rows.map((row) => row.content_id));
}

async function auditedIn(queries: Queries): Promise<Records['audited']> {
  const rows = await queries
    .selectFrom('audit')
    .select(['document_id', 'version'])
    .where('action', '=', 'commit')
    .where('outcome', '=', 'ok')
    .execute();
  return rows.map(({ document_id, version }) => `${document_id}/${version}`);
}

async function filesIn(contents: string): Promise<Records['files']> {
  const entries = await fs.readdir(contents, { recursive: true, withFileTypes: true });
  return new Set(entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name));
}
