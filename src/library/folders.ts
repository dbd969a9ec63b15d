import type { Transaction } from 'kysely';
import type { Database } from '../storage/database.js';
import type { Schema } from '../storage/schema.js';
import { Failure } from '../values/failure.js';
import { nameKey } from '../values/name-key.js';
import type { Caller } from './caller.js';
import type { Version } from './document.js';
import { folderNotFound } from './failures.js';
import type { Folder } from './folder.js';
import type { Lookups } from './lookups.js';
import { checkName } from './names.js';
import { parsePath } from './paths.js';
import { requireWritable } from './requirements.js';
import { MAX_DEPTH, requirePathLength, wayTo } from './way.js';

export interface FoldersOptions {
  readonly database: Database;
  readonly lookups: Lookups;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
}

/** Something below a folder; `path` is relative to it, `/` between its parts, none in front. */
export type FolderEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'document'; readonly path: string; readonly version: Version };

/** The folders of the libraries. */
export class Folders {
  readonly #options: FoldersOptions;

  constructor(options: FoldersOptions) {
    this.#options = options;
  }

  /** The folder a path names; undefined when there is none that the caller may see. */
  find(caller: Caller, path: string): Promise<Folder | undefined> {
    const { database, lookups } = this.#options;
    return lookups.folder(database.queries, caller, path);
  }

  /** The folder a path names. @throws Failure when there is none that the caller may see. */
  async resolve(caller: Caller, path: string): Promise<Folder> {
    const folder = await this.find(caller, path);
    if (!folder) throw folderNotFound();
    return folder;
  }

  /**
   * Makes the folder a path names, and those in between; one that is there already is the answer as it is. A library is never made.
   * Survives a loss of power. `also` runs last in the transaction. @throws Failure
   */
  createPath(
    caller: Caller,
    pathText: string,
    also?: (trx: Transaction<Schema>, folder: Folder) => Promise<void>,
  ): Promise<Folder> {
    const path = parsePath(pathText);
    if (path.kind === 'document') return Promise.reject(folderNotFound());
    const { folderId, names } = path;
    const atStart = folderId === undefined ? 1 : 0;
    return this.#options.database.durably(async (trx) => {
      const start = await this.#options.lookups.folderAt(trx, caller, folderId, names.slice(0, atStart));
      if (!start) throw folderNotFound();
      requireWritable(start);
      const folder = await this.#enterOrMake(trx, start, names.slice(atStart));
      await also?.(trx, folder);
      return folder;
    });
  }

  /** All that is below a folder, a page of each folder in memory at a time: documents with their latest version. */
  async *walk(folder: Folder): AsyncGenerator<FolderEntry> {
    const { database, lookups } = this.#options;
    const ahead: { id: number; path: string }[] = [{ id: folder.id, path: '' }];
    for (let place = ahead.pop(); place; place = ahead.pop()) {
      const prefix = place.path === '' ? '' : `${place.path}/`;
      for await (const document of lookups.documentsIn(database.queries, place.id)) {
        yield { kind: 'document', path: prefix + document.name, version: document.latest };
      }
      for await (const child of lookups.foldersIn(database.queries, place.id)) {
        yield { kind: 'folder', path: prefix + child.name };
        ahead.push({ id: child.id, path: prefix + child.name });
      }
    }
  }

  /** Goes into the folders of these names as far as there are any, and makes the others. */
  async #enterOrMake(trx: Transaction<Schema>, start: Folder, names: readonly string[]): Promise<Folder> {
    let folder = start;
    for (const [position, name] of names.entries()) {
      const existing = await this.#options.lookups.folderIn(trx, folder, name);
      if (!existing) return this.#makeAll(trx, folder, names.slice(position));
      folder = existing;
    }
    return folder;
  }

  /** Makes folders of these names, each in the one before. */
  async #makeAll(trx: Transaction<Schema>, parent: Folder, names: readonly string[]): Promise<Folder> {
    const way = await wayTo(trx, parent.id);
    if (way.length + names.length > MAX_DEPTH) throw new Failure(`Folders can be nested ${MAX_DEPTH} deep at most.`);
    requirePathLength([...way, ...names]);
    let folder = parent;
    for (const name of names) folder = await this.#make(trx, folder, name);
    return folder;
  }

  async #make(trx: Transaction<Schema>, parent: Folder, name: string): Promise<Folder> {
    const { lookups, now } = this.#options;
    checkName(name);
    if (await lookups.documentIn(trx, parent, name)) {
      throw new Failure(`There is a document "${name}" already.`, {
        summary: 'There is a document of that name already.',
      });
    }
    const { id } = await trx
      .insertInto('folders')
      .values({
        library_id: parent.libraryId,
        parent_id: parent.id,
        name,
        name_key: nameKey(name),
        created_at: now(),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return { ...parent, id, name };
  }
}
