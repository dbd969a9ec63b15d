import type { Transaction } from 'kysely';
import type { Database, Queries } from '../storage/database.js';
import type { Schema } from '../storage/schema.js';
import type { Crc32 } from '../values/crc32.js';
import { Failure } from '../values/failure.js';
import type { Guid } from '../values/guid.js';
import { nameKey } from '../values/name-key.js';
import { describeVersion, FIRST_VERSION, nextVersion, type VersionNumber } from '../values/version-number.js';
import type { Caller } from './caller.js';
import type { Document } from './document.js';
import { documentNotFound, folderNotFound } from './failures.js';
import type { Folder } from './folder.js';
import type { Lookups } from './lookups.js';
import { checkName } from './names.js';
import { parsePath } from './paths.js';
import { requireWritable } from './requirements.js';
import { checkProperties, type VersionProperties } from './version-properties.js';
import { requirePathLength, wayTo } from './way.js';

export interface CommitsOptions {
  readonly database: Database;
  readonly lookups: Lookups;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
}

/**
 * Where content is to go: to the document with a path, which is made in its folder when it is not there (a short path
 * names one that is); or to a new document of a name nothing has in the folder.
 */
export type CommitTarget = { readonly path: string } | { readonly folderPath: string; readonly documentName: string };

/** Complete content in the content store. It has been synced: the commit makes a promise about it. */
export interface CompleteContent {
  readonly id: Guid;
  /** Bytes. */
  readonly size: number;
  readonly crc32: Crc32;
}

export interface Commit {
  readonly documentId: number;
  readonly version: VersionNumber;
}

/** What a target turned out to be. */
type Place =
  | { readonly kind: 'existing'; readonly document: Document }
  | { readonly kind: 'new'; readonly folder: Folder; readonly name: string };

/** Makes content into versions of documents. */
export class Commits {
  readonly #options: CommitsOptions;

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  /**
   * Looks whether content might be committed, before it is taken in: what is refused here would be refused then. The commit looks again.
   * @throws Failure
   */
  async requireTarget(caller: Caller, target: CommitTarget): Promise<void> {
    const { queries } = this.#options.database;
    await this.#requireAllowed(queries, caller, await this.#locate(queries, caller, target));
  }

  /**
   * Records content as a version, in one transaction that survives a loss of power; no byte is moved. `claim` runs first in it
   * and takes the content over: it removes the record that said what the content was so far, and throws when that is gone. All
   * is checked in there, so that of two commits at once each sees what the other did, or nothing of it.
   *
   * `also` runs last in it.
   *
   * @throws Failure when it cannot be done; then nothing has changed and what `claim` did is undone.
   */
  commitVersion(
    caller: Caller,
    target: CommitTarget,
    content: CompleteContent,
    properties: VersionProperties,
    claim: (trx: Transaction<Schema>) => Promise<void>,
    also?: (trx: Transaction<Schema>, commit: Commit) => Promise<void>,
  ): Promise<Commit> {
    return this.#options.database.durably(async (trx) => {
      await claim(trx);
      checkProperties(properties);
      const place = await this.#locate(trx, caller, target);
      await this.#requireAllowed(trx, caller, place);
      const commit = await (place.kind === 'existing'
        ? this.#addVersion(trx, caller, place.document, content, properties)
        : this.#addDocument(trx, caller, place.folder, place.name, content, properties));
      await also?.(trx, commit);
      return commit;
    });
  }

  #locate(queries: Queries, caller: Caller, target: CommitTarget): Promise<Place> {
    return 'path' in target
      ? this.#locatePath(queries, caller, target.path)
      : this.#locateNew(queries, caller, target.folderPath, target.documentName);
  }

  async #locatePath(queries: Queries, caller: Caller, pathText: string): Promise<Place> {
    const { lookups } = this.#options;
    const path = parsePath(pathText);
    if (path.kind === 'document') {
      const document = await lookups.documentById(queries, caller, path.documentId);
      if (!document) throw documentNotFound();
      return { kind: 'existing', document };
    }
    const name = path.names.at(-1);
    if (name === undefined || path.endsWithSlash) throw new Failure('The path names no document, but a folder.');
    const folder = await lookups.folderAt(queries, caller, path.folderId, path.names.slice(0, -1));
    if (!folder) throw folderNotFound();
    const document = await lookups.documentIn(queries, folder, name);
    return document ? { kind: 'existing', document } : { kind: 'new', folder, name };
  }

  async #locateNew(queries: Queries, caller: Caller, folderPath: string, name: string): Promise<Place> {
    const { lookups } = this.#options;
    const folder = await lookups.folder(queries, caller, folderPath);
    if (!folder) throw folderNotFound();
    requireWritable(folder);
    if (await lookups.documentIn(queries, folder, name)) {
      throw new Failure(`There is a document "${name}" in the folder already.`, {
        summary: 'There is a document of that name in the folder already.',
      });
    }
    return { kind: 'new', folder, name };
  }

  async #requireAllowed(queries: Queries, caller: Caller, place: Place): Promise<void> {
    if (place.kind === 'existing') {
      requireWritable(place.document);
      const { lock } = place.document;
      if (lock && lock.userId !== caller.id) throw new Failure(`The document is checked out by "${lock.userName}".`);
      return;
    }
    const { folder, name } = place;
    requireWritable(folder);
    checkName(name);
    requirePathLength([...(await wayTo(queries, folder.id)), name]);
    if (await this.#options.lookups.folderIn(queries, folder, name)) {
      throw new Failure(`There is a folder "${name}" already.`, {
        summary: 'There is a folder of that name already.',
      });
    }
  }

  async #addDocument(
    trx: Transaction<Schema>,
    caller: Caller,
    folder: Folder,
    name: string,
    content: CompleteContent,
    properties: VersionProperties,
  ): Promise<Commit> {
    const time = this.#options.now();
    const { id } = await trx
      .insertInto('documents')
      .values({
        library_id: folder.libraryId,
        folder_id: folder.id,
        name,
        name_key: nameKey(name),
        description: properties.description ?? '',
        keywords: properties.keywords ?? '',
        locked_by: properties.checkout ? caller.id : null,
        locked_at: properties.checkout ? time : null,
        created_at: properties.createdAt ?? time,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    const version = properties.number ?? FIRST_VERSION;
    await this.#insertVersion(trx, caller, id, version, content, properties);
    return { documentId: id, version };
  }

  async #addVersion(
    trx: Transaction<Schema>,
    caller: Caller,
    document: Document,
    content: CompleteContent,
    properties: VersionProperties,
  ): Promise<Commit> {
    const version = versionAfter(document.latest.number, properties.number);
    await this.#updateDocument(trx, caller, document, properties);
    await this.#insertVersion(trx, caller, document.id, version, content, properties);
    return { documentId: document.id, version };
  }

  async #updateDocument(
    trx: Transaction<Schema>,
    caller: Caller,
    document: Document,
    properties: VersionProperties,
  ): Promise<void> {
    const changes = {
      ...(properties.description === undefined ? {} : { description: properties.description }),
      ...(properties.keywords === undefined ? {} : { keywords: properties.keywords }),
      ...(properties.checkout ? { locked_by: caller.id, locked_at: this.#options.now() } : {}),
      ...(document.lock && !properties.checkout ? { locked_by: null, locked_at: null } : {}),
    };
    if (Object.keys(changes).length === 0) return;
    await trx.updateTable('documents').set(changes).where('id', '=', document.id).execute();
  }

  async #insertVersion(
    trx: Transaction<Schema>,
    caller: Caller,
    documentId: number,
    number: VersionNumber,
    content: CompleteContent,
    properties: VersionProperties,
  ): Promise<void> {
    const time = this.#options.now();
    await trx
      .insertInto('versions')
      .values({
        document_id: documentId,
        number,
        content_id: content.id,
        size: content.size,
        crc32: content.crc32,
        author_id: caller.id,
        comment: properties.comment ?? '',
        created_at: properties.createdAt ?? time,
        modified_at: properties.modifiedAt ?? time,
        published_at: (properties.publish ?? true) ? time : null,
      })
      .execute();
    const { textOnlyContent: text } = properties;
    if (text) await trx.insertInto('version_texts').values({ document_id: documentId, number, text }).execute();
  }
}

function versionAfter(latest: VersionNumber, wanted: VersionNumber | undefined): VersionNumber {
  if (wanted === undefined) return nextVersion(latest);
  if (wanted > latest) return wanted;
  throw new Failure(
    `The version number ${describeVersion(wanted)} is not greater than that of the latest version, ${describeVersion(latest)}.`,
  );
}
