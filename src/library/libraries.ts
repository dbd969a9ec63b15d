import type { Transaction } from 'kysely';
import type { Action, Actor, AuditTrail } from '../storage/audit-trail.js';
import type { Database, Queries } from '../storage/database.js';
import type { Schema } from '../storage/schema.js';
import { Failure } from '../values/failure.js';
import { nameKey } from '../values/name-key.js';
import type { Access } from './access.js';
import { noSuchLibrary } from './failures.js';
import { checkName } from './names.js';
import { looksLikeShortPath } from './paths.js';

export interface LibrariesOptions {
  readonly database: Database;
  readonly audit: AuditTrail;
  /** Who makes the changes, for the audit. */
  readonly actor: Actor;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
}

/** A library as the command line lists it. */
export interface ListedLibrary {
  readonly id: number;
  readonly name: string;
  readonly isOffline: boolean;
  /** What every user may do without a right of their own. */
  readonly everyone: Access;
  readonly rights: readonly { readonly userName: string; readonly access: 'read' | 'write' }[];
}

/** The libraries, and who may do what in them. Every change survives a loss of power once it has returned. */
export class Libraries {
  readonly #options: LibrariesOptions;

  constructor(options: LibrariesOptions) {
    this.#options = options;
  }

  /** Makes a library. @throws Failure when the name cannot be one or is taken. Returns its number, that of its root folder. */
  async add(name: string, everyone: Access): Promise<number> {
    checkLibraryName(name);
    return this.#options.database.durably(async (trx) => {
      if (await findLibrary(trx, name)) throw new Failure(`There is a library "${name}" already.`);
      return this.#insert(trx, name, everyone);
    });
  }

  /** Makes a library in which every user may read and write, when there is none at all. */
  async addFirst(name: string): Promise<void> {
    checkLibraryName(name);
    await this.#options.database.durably(async (trx) => {
      const any = await trx.selectFrom('libraries').select('folder_id').limit(1).executeTakeFirst();
      if (!any) await this.#insert(trx, name, 'write');
    });
  }

  async list(): Promise<ListedLibrary[]> {
    const { queries } = this.#options.database;
    const libraries = await queries
      .selectFrom('libraries')
      .innerJoin('folders', 'folders.id', 'libraries.folder_id')
      .select(['folder_id', 'name', 'is_offline', 'everyone'])
      .orderBy('name_key')
      .execute();
    const rights = await queries
      .selectFrom('library_rights')
      .innerJoin('users', 'users.id', 'library_rights.user_id')
      .select(['library_id', 'users.name as userName', 'access'])
      .orderBy('users.name_key')
      .execute();
    return libraries.map((row) => ({
      id: row.folder_id,
      name: row.name,
      isOffline: row.is_offline === 1,
      everyone: row.everyone,
      rights: rights
        .filter((right) => right.library_id === row.folder_id)
        .map(({ userName, access }) => ({ userName, access })),
    }));
  }

  /** Gives a user a right of their own, instead of the one they had. @throws Failure when there is no such library or user. */
  async grant(libraryName: string, userName: string, access: 'read' | 'write'): Promise<void> {
    const change = { action: 'change rights', subject: `${libraryName}, ${userName}: ${access}` } as const;
    await this.#change(libraryName, change, async (trx, libraryId) => {
      const userId = await requireUser(trx, userName);
      await trx
        .insertInto('library_rights')
        .values({ library_id: libraryId, user_id: userId, access })
        .onConflict((conflict) => conflict.columns(['library_id', 'user_id']).doUpdateSet({ access }))
        .execute();
    });
  }

  /** Takes a user's own right away: they may do what everyone may. @throws Failure when there is no such library or user. */
  async revoke(libraryName: string, userName: string): Promise<void> {
    const change = { action: 'change rights', subject: `${libraryName}, ${userName}: as everyone` } as const;
    await this.#change(libraryName, change, async (trx, libraryId) => {
      const userId = await requireUser(trx, userName);
      await trx
        .deleteFrom('library_rights')
        .where('library_id', '=', libraryId)
        .where('user_id', '=', userId)
        .execute();
    });
  }

  /** Says what every user may do without a right of their own. @throws Failure when there is no such library. */
  async grantEveryone(libraryName: string, everyone: Access): Promise<void> {
    const change = { action: 'change rights', subject: `${libraryName}, everyone: ${everyone}` } as const;
    await this.#change(libraryName, change, async (trx, libraryId) => {
      await trx.updateTable('libraries').set({ everyone }).where('folder_id', '=', libraryId).execute();
    });
  }

  /** Takes a library offline: nothing in it can be read or written but what is known about it. */
  async takeOffline(libraryName: string): Promise<void> {
    await this.#setOffline(libraryName, 1);
  }

  async bringOnline(libraryName: string): Promise<void> {
    await this.#setOffline(libraryName, 0);
  }

  async #setOffline(libraryName: string, isOffline: 0 | 1): Promise<void> {
    const action = isOffline ? 'take library offline' : 'bring library online';
    await this.#change(libraryName, { action, subject: libraryName }, async (trx, libraryId) => {
      await trx.updateTable('libraries').set({ is_offline: isOffline }).where('folder_id', '=', libraryId).execute();
    });
  }

  async #change(
    libraryName: string,
    event: { readonly action: Action; readonly subject: string },
    change: (trx: Transaction<Schema>, libraryId: number) => Promise<void>,
  ): Promise<void> {
    await this.#options.database.durably(async (trx) => {
      const library = await findLibrary(trx, libraryName);
      if (!library) throw noSuchLibrary(libraryName);
      const { actor, audit } = this.#options;
      await audit.record(trx, actor, { ...event, folderId: library.folder_id });
      await change(trx, library.folder_id);
    });
  }

  async #insert(trx: Transaction<Schema>, name: string, everyone: Access): Promise<number> {
    const { id } = await trx
      .insertInto('folders')
      .values({ library_id: null, parent_id: null, name, name_key: nameKey(name), created_at: this.#options.now() })
      .returning('id')
      .executeTakeFirstOrThrow();
    await trx.insertInto('libraries').values({ folder_id: id, is_offline: 0, everyone }).execute();
    const { actor, audit } = this.#options;
    await audit.record(trx, actor, { action: 'add library', folderId: id, subject: name });
    return id;
  }
}

function findLibrary(queries: Queries, name: string): Promise<{ folder_id: number } | undefined> {
  return queries
    .selectFrom('libraries')
    .innerJoin('folders', 'folders.id', 'libraries.folder_id')
    .select('folder_id')
    .where('name_key', '=', nameKey(name))
    .executeTakeFirst();
}

async function requireUser(queries: Queries, name: string): Promise<number> {
  const user = await queries.selectFrom('users').select('id').where('name_key', '=', nameKey(name)).executeTakeFirst();
  if (!user) throw new Failure(`There is no user "${name}".`);
  return user.id;
}

function checkLibraryName(name: string): void {
  checkName(name);
  if (looksLikeShortPath(name)) throw new Failure(`"${name}" would be read as a short path and cannot be a name.`);
}
