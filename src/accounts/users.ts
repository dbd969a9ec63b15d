import crypto from 'node:crypto';
import { type Selectable, sql, type Transaction } from 'kysely';
import type { Action, Actor, AuditTrail } from '../storage/audit-trail.js';
import type { Database, Queries } from '../storage/database.js';
import type { Schema, UsersTable } from '../storage/schema.js';
import { Failure } from '../values/failure.js';
import { nameKey } from '../values/name-key.js';
import { isWritableLine } from '../values/writable-text.js';
import { type AfterCommit, type DiscardHandlers, endSessions } from './ending-sessions.js';
import { noSuchUser, userExists } from './failures.js';
import { costOf, MAX_PASSWORD_LENGTH, type Passwords, type ScryptCost } from './passwords.js';
import type { User } from './user.js';

export interface UsersOptions {
  readonly database: Database;
  readonly passwords: Passwords;
  readonly discardHandlers: DiscardHandlers;
  readonly audit: AuditTrail;
  /** Who makes the changes, for the audit. */
  readonly actor: Actor;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
}

export interface NewUser {
  readonly name: string;
  readonly password: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly email?: string;
  readonly isAdministrator?: boolean;
}

/** A user as the command line lists them. */
export interface ListedUser extends User {
  readonly isDisabled: boolean;
}

/** The administrator made on first start. */
export interface FirstAdministrator {
  readonly name: string;
  /** The password that was made up, to be shown this once; undefined when one was given. */
  readonly password: string | undefined;
}

/** The longest name of a user, and of their first name, last name and e-mail address, in characters. */
const MAX_LENGTH = 128;

/** Stands for all users where rights are granted, so nobody may have it for a name. */
export const EVERYONE = 'everyone';

const MADE_PASSWORD_BYTES = 18;

/** The users of the server. Every change survives a loss of power once it has returned. */
export class Users {
  readonly #options: UsersOptions;

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  /** @throws Failure when the name or the password cannot be one, or the name is taken. */
  async add(user: NewUser): Promise<User> {
    checkUserName(user.name);
    for (const text of [user.firstName, user.lastName, user.email]) checkDetail(text ?? '');
    checkPassword(user.password);
    const passwordHash = await this.#options.passwords.hash(user.password);
    return this.#options.database.durably(async (trx) => {
      if (await findUser(trx, user.name)) throw userExists(user.name);
      return this.#insert(trx, user, passwordHash);
    });
  }

  /** The user of that name, in any case, disabled or not. */
  async find(name: string): Promise<ListedUser | undefined> {
    const row = await findUser(this.#options.database.queries, name);
    return row && { ...toUser(row), isDisabled: row.is_disabled === 1 };
  }

  async list(): Promise<ListedUser[]> {
    const rows = await this.#options.database.queries.selectFrom('users').selectAll().orderBy('name_key').execute();
    return rows.map((row) => ({ ...toUser(row), isDisabled: row.is_disabled === 1 }));
  }

  /** Shuts a user out: they cannot log in, and their sessions end. @throws Failure for the last administrator. */
  async disable(name: string): Promise<void> {
    await this.#changeAndEndSessions(name, async (trx, user) => {
      if (user.is_administrator && (await isLastAdministrator(trx, user.id))) {
        throw new Failure(`"${user.name}" is the last administrator and cannot be disabled.`);
      }
      await this.#record(trx, 'disable user', user.name);
      await trx.updateTable('users').set({ is_disabled: 1 }).where('id', '=', user.id).execute();
    });
  }

  async enable(name: string): Promise<void> {
    await this.#options.database.durably(async (trx) => {
      const user = await findUser(trx, name);
      if (!user) throw noSuchUser(name);
      await this.#record(trx, 'enable user', user.name);
      await trx.updateTable('users').set({ is_disabled: 0 }).where('id', '=', user.id).execute();
    });
  }

  /** Sets a password. The user's sessions end: whoever had the old one is out. */
  async setPassword(name: string, password: string): Promise<void> {
    checkPassword(password);
    const passwordHash = await this.#options.passwords.hash(password);
    await this.#changeAndEndSessions(name, async (trx, user) => {
      await this.#record(trx, 'set password', user.name);
      await trx.updateTable('users').set({ password_hash: passwordHash }).where('id', '=', user.id).execute();
    });
  }

  /**
   * Makes the first administrator, with the password given or a random one. Undefined when there is an administrator
   * already, as there is on every start but the first.
   */
  async addFirstAdministrator(name: string, password: string | undefined): Promise<FirstAdministrator | undefined> {
    const { database, passwords } = this.#options;
    if (await hasAdministrator(database.queries)) return undefined;
    const user = { name, password: password ?? randomPassword(), isAdministrator: true };
    checkUserName(user.name);
    checkPassword(user.password);
    const passwordHash = await passwords.hash(user.password);
    return database.durably(async (trx) => {
      if (await hasAdministrator(trx)) return undefined;
      if (await findUser(trx, name)) throw userExists(name);
      await this.#insert(trx, user, passwordHash);
      return { name, password: password === undefined ? user.password : undefined };
    });
  }

  async #record(trx: Transaction<Schema>, action: Action, name: string): Promise<void> {
    const { actor, audit } = this.#options;
    await audit.record(trx, actor, { action, subject: name });
  }

  async #insert(trx: Transaction<Schema>, user: NewUser, passwordHash: string): Promise<User> {
    await this.#record(trx, 'add user', user.name);
    const row = await trx
      .insertInto('users')
      .values({
        name: user.name,
        name_key: nameKey(user.name),
        first_name: user.firstName ?? '',
        last_name: user.lastName ?? '',
        email: user.email ?? '',
        password_hash: passwordHash,
        is_administrator: user.isAdministrator ? 1 : 0,
        is_disabled: 0,
        created_at: this.#options.now(),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return toUser(row);
  }

  async #changeAndEndSessions(
    name: string,
    change: (trx: Transaction<Schema>, user: UserRow) => Promise<void>,
  ): Promise<void> {
    const { database, discardHandlers } = this.#options;
    const after: AfterCommit = await database.durably(async (trx) => {
      const user = await findUser(trx, name);
      if (!user) throw noSuchUser(name);
      await change(trx, user);
      const sessions = await trx.selectFrom('sessions').select('id').where('user_id', '=', user.id).execute();
      return endSessions(
        trx,
        sessions.map((session) => session.id),
        discardHandlers,
      );
    });
    await after();
  }
}

/** A user's row as it is read. */
export type UserRow = Selectable<UsersTable>;

export async function findUser(queries: Queries, name: string): Promise<UserRow | undefined> {
  return queries.selectFrom('users').selectAll().where('name_key', '=', nameKey(name)).executeTakeFirst();
}

/**
 * The costs that users' hashes have, found by one step in the index for each. A hash that is damaged takes a step of its own: it hides no other. The
 * steps go by bytes, as the index does: what is damaged need be no UTF-8.
 */
export async function costsInUse(queries: Queries): Promise<ScryptCost[]> {
  const costs: ScryptCost[] = [];
  for (let hash = await hashBehind(queries, Buffer.alloc(0)); hash !== undefined;) {
    const told = costOf(hash.toString('latin1'));
    if (told) costs.push(told.cost);
    const end = Buffer.from(told ? told.beginning + BEHIND : '');
    hash = await hashBehind(queries, Buffer.compare(end, hash) > 0 ? end : hash);
  }
  return costs;
}

/** Comes behind all that may follow the beginning of a hash. */
const BEHIND = '~';

/** The first text behind another in the order of their bytes. What is no text is no hash. */
async function hashBehind(queries: Queries, text: Buffer): Promise<Buffer | undefined> {
  const found = await queries
    .selectFrom('users')
    .select(sql<Buffer>`cast(password_hash as blob)`.as('hash'))
    .where('password_hash', '>', sql<string>`cast(${text} as text)`)
    .where(sql`typeof(password_hash)`, '=', 'text')
    .orderBy('password_hash')
    .limit(1)
    .executeTakeFirst();
  return found?.hash;
}

export function toUser(row: Pick<UserRow, UserColumn>): User {
  return {
    id: row.id,
    name: row.name,
    firstName: row.first_name,
    lastName: row.last_name,
    email: row.email,
    isAdministrator: row.is_administrator === 1,
  };
}

type UserColumn = 'id' | 'name' | 'first_name' | 'last_name' | 'email' | 'is_administrator';

async function hasAdministrator(queries: Queries): Promise<boolean> {
  const row = await queries.selectFrom('users').select('id').where('is_administrator', '=', 1).executeTakeFirst();
  return row !== undefined;
}

async function isLastAdministrator(queries: Queries, id: number): Promise<boolean> {
  const other = await queries
    .selectFrom('users')
    .select('id')
    .where('is_administrator', '=', 1)
    .where('is_disabled', '=', 0)
    .where('id', '!=', id)
    .executeTakeFirst();
  return other === undefined;
}

function checkUserName(name: string): void {
  if (name.trim() === '') throw new Failure('A user must have a name.');
  if (name !== name.trim()) throw new Failure('A user name must not begin or end with white space.');
  if (name.length > MAX_LENGTH) throw new Failure(`A user name must not be longer than ${MAX_LENGTH} characters.`);
  if (!isWritableLine(name)) throw new Failure('A user name must not contain control characters.');
  if (nameKey(name) === nameKey(EVERYONE)) throw new Failure(`"${name}" stands for all users and cannot be a name.`);
}

function checkDetail(text: string): void {
  if (text.length <= MAX_LENGTH && isWritableLine(text)) return;
  throw new Failure(
    `First name, last name and e-mail address must be one line of at most ${MAX_LENGTH} characters each.`,
  );
}

function checkPassword(password: string): void {
  if (password === '') throw new Failure('The password must not be empty.');
  if (password.length > MAX_PASSWORD_LENGTH) {
    throw new Failure(`The password must not be longer than ${MAX_PASSWORD_LENGTH} characters.`);
  }
}

function randomPassword(): string {
  return crypto.randomBytes(MADE_PASSWORD_BYTES).toString('base64url');
}
