import crypto from 'node:crypto';
import type { Selectable, SelectQueryBuilder, Transaction } from 'kysely';
import type { Action, AuditTrail } from '../storage/audit-trail.js';
import type { Database } from '../storage/database.js';
import { type PreparedQuery, prepareQuery } from '../storage/prepared-query.js';
import type { Instant, Schema, UsersTable } from '../storage/schema.js';
import { type Failure, sessionExpired } from '../values/failure.js';
import { nameKey } from '../values/name-key.js';
import type { CallRates } from './call-rates.js';
import { type DiscardHandlers, endSessions } from './ending-sessions.js';
import { authenticationFailed, ticketNotAllowed } from './failures.js';
import type { LogInThrottle } from './log-in-throttle.js';
import { MAX_PASSWORD_LENGTH, type Passwords } from './passwords.js';
import { newTicket, parseTicket, type Ticket, ticketHash } from './ticket.js';
import type { User } from './user.js';
import { costsInUse, findUser, toUser, type UserRow } from './users.js';

export interface SessionsOptions {
  readonly database: Database;
  readonly passwords: Passwords;
  readonly discardHandlers: DiscardHandlers;
  readonly throttle: LogInThrottle;
  readonly rates: CallRates;
  readonly audit: AuditTrail;
  /** What CreateTicketforUser has to be called with; undefined turns it off. */
  readonly trustedPassword: string | undefined;
  /** The most sessions a user keeps. @default 100000 */
  readonly mostPerUser?: number | undefined;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
}

/** What a ticket opens. */
export interface Session {
  readonly id: number;
  readonly user: User;
  /** When it ends if it is not used before, ms since 1970 UTC. */
  readonly expiresAt: Instant;
}

/** A session with its ticket, which is known at this moment only. */
export interface OpenedSession extends Session {
  readonly ticket: Ticket;
}

/** A session ends this long after its last use (CONTRACT: 30 days), ms. */
export const SESSION_LIFE_MS = 30 * 24 * 60 * 60 * 1000;

/** The time of the last use is moved at most this often, ms: a call of a busy client must not become a write. */
const USE_INTERVAL_MS = 60_000;

/** No name and no password of a user is longer, in characters. */
const MAX_USER_TEXT = MAX_PASSWORD_LENGTH;

/**
 * The most sessions a user keeps. A ticket lives 30 days from its last use (CONTRACT), and a program that logs in for each call would leave a row for
 * each in that time. More than all the people and machines that may share an account have need of.
 */
const MOST_SESSIONS = 100_000;

/** Expired sessions ended in one transaction: it must not hold the database for long. */
const EXPIRY_BATCH = 100;

type SessionQuery = SelectQueryBuilder<Schema, 'sessions', { id: number }>;

type SessionRow = Pick<
  Selectable<UsersTable>,
  'id' | 'name' | 'first_name' | 'last_name' | 'email' | 'is_administrator'
> & {
  session_id: number;
  used_at: Instant;
};

/** The sessions: who is logged in. Nothing about them is in memory, so any worker can serve any of them. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #find: PreparedQuery<{ hash: string; usedSince: Instant }, SessionRow>;

  constructor(options: SessionsOptions) {
    this.#options = options;
    const { queries } = options.database;
    this.#find = prepareQuery((parameter) =>
      queries
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .select(['sessions.id as session_id', 'sessions.used_at', 'users.id'])
        .select(['name', 'first_name', 'last_name', 'email', 'is_administrator'])
        .where('ticket_hash', '=', parameter('hash'))
        .where('used_at', '>', parameter('usedSince'))
        .where('is_disabled', '=', 0),
    );
  }

  /**
   * Opens a session for a caller at an address, who waits no longer when `gone` is aborted. @throws Failure `[900]`, the same whatever was
   * wrong, and after the same time: see {@link Passwords.levelTime}; and what the throttle throws.
   */
  async logIn(name: string, password: string, address: string, gone?: AbortSignal): Promise<OpenedSession> {
    const user = await this.#authenticate(name, password, address, gone);
    return this.#options.database.transact((trx) => this.#open(trx, user, 'log-in', address));
  }

  /**
   * Opens a session, or goes on with the one the old ticket belongs to when that is still valid and the same user's. The
   * credentials are checked in any case. @throws Failure as {@link logIn}, also for an old ticket that is no GUID.
   */
  async renew(
    name: string,
    password: string,
    oldTicketText: string,
    address: string,
    gone?: AbortSignal,
  ): Promise<OpenedSession> {
    const ticket = parseTicket(oldTicketText);
    const user = await this.#authenticate(name, password, address, gone);
    return this.#options.database.transact(async (trx) => {
      await requireUnchanged(trx, user);
      const time = this.#options.now();
      const kept = await trx
        .updateTable('sessions')
        .set({ used_at: time })
        .where('ticket_hash', '=', ticketHash(ticket))
        .where('user_id', '=', user.id)
        .where('used_at', '>', time - SESSION_LIFE_MS)
        .returning('id')
        .executeTakeFirst();
      if (!kept) return this.#open(trx, user, 'log-in', address);
      await this.#options.audit.record(trx, { user: user.name, address }, { action: 'log-in', sessionId: kept.id });
      return { id: kept.id, user: toUser(user), expiresAt: time + SESSION_LIFE_MS, ticket };
    });
  }

  /**
   * Opens a session for a user whose word a trusted program takes. @throws Failure `[900]` without the trusted password or for
   * a user who may not log in, `[902]` for an administrator; and what the throttle throws.
   */
  async createFor(
    trustedPassword: string,
    userName: string,
    address: string,
    gone?: AbortSignal,
  ): Promise<OpenedSession> {
    const { audit, database, throttle, trustedPassword: expected } = this.#options;
    const isTrusted = expected !== undefined && isSame(trustedPassword, expected);
    await throttle.attempt({
      account: undefined,
      address,
      gone,
      check: () => Promise.resolve(isTrusted || undefined),
      failed: (trx) =>
        audit.recordRefusal({ address }, { action: 'trusted log-in', error: authenticationFailed().message }, trx),
    });
    const user = await findUser(database.queries, userName);
    const refusal = trustRefusal(user);
    if (user && !refusal) return database.transact((trx) => this.#open(trx, user, 'trusted log-in', address));
    const failure = refusal ?? authenticationFailed();
    await audit.recordRefusal({ user: user?.name, address }, { action: 'trusted log-in', error: failure.message });
    throw failure;
  }

  /**
   * The session of a ticket, which is used by this, unless it is the one that the same call has used. Runs for every call: one indexed read, and once a
   * minute a write. @throws Failure `[900]` for what is no ticket, `[901]` for one without a session, another for a user who calls too often.
   */
  async require(ticketText: string, used?: number): Promise<Session> {
    const session = await this.peek(ticketText);
    if (session.id === used) return session;
    this.#options.rates.take(session.user.id);
    const time = this.#options.now();
    if (time + SESSION_LIFE_MS - session.expiresAt < USE_INTERVAL_MS) return session;
    await this.#options.database.queries
      .updateTable('sessions')
      .set({ used_at: time })
      .where('id', '=', session.id)
      .where('used_at', '<', time)
      .execute();
    return { ...session, expiresAt: time + SESSION_LIFE_MS };
  }

  /** As {@link require}, but it does not count as a use. */
  async peek(ticketText: string): Promise<Session> {
    const { database, now } = this.#options;
    const hash = ticketHash(parseTicket(ticketText));
    const { rows } = await this.#find(database, { hash, usedSince: now() - SESSION_LIFE_MS });
    const row = rows[0];
    if (!row) throw sessionExpired();
    return {
      id: row.session_id,
      user: toUser(row),
      expiresAt: row.used_at + SESSION_LIFE_MS,
    };
  }

  /**
   * Ends a session for a caller at an address, with its handlers; a loss of power does not bring it back. Returns what it was.
   * @throws Failure as {@link require}.
   */
  async logOut(ticketText: string, address: string): Promise<Session> {
    const { audit, database, discardHandlers } = this.#options;
    const session = await this.peek(ticketText);
    const after = await database.durably(async (trx) => {
      await audit.record(trx, { user: session.user.name, address }, { action: 'log-out', sessionId: session.id });
      return endSessions(trx, [session.id], discardHandlers);
    });
    await after();
    return session;
  }

  /**
   * Ends the sessions whose time is over: they are invalid already, and this frees what they held. And those that a user has not used for longest,
   * of users with more than anybody needs. Returns how many.
   */
  async expireSessions(): Promise<number> {
    const { database, mostPerUser = MOST_SESSIONS, now } = this.#options;
    const usedUntil = now() - SESSION_LIFE_MS;
    let ended = await this.#end(Infinity, (sessions) => sessions.where('used_at', '<=', usedUntil));
    const crowds = await database.queries
      .selectFrom('sessions')
      .select(['user_id', (eb) => eb.fn.countAll<number>().as('count')])
      .groupBy('user_id')
      .having((eb) => eb.fn.countAll(), '>', mostPerUser)
      .execute();
    for (const { count, user_id } of crowds) {
      ended += await this.#end(count - mostPerUser, (sessions) => sessions.where('user_id', '=', user_id));
    }
    return ended;
  }

  /** Ends at most so many of some sessions, those first that have not been used for longest. Returns how many. */
  async #end(most: number, which: (sessions: SessionQuery) => SessionQuery): Promise<number> {
    const { database, discardHandlers } = this.#options;
    for (let total = 0; ;) {
      const limit = Math.min(EXPIRY_BATCH, most - total);
      const { count, after } = await database.transact(async (trx) => {
        const rows = await which(trx.selectFrom('sessions').select('id')).orderBy('used_at').limit(limit).execute();
        const ids = rows.map((row) => row.id);
        return { count: ids.length, after: await endSessions(trx, ids, discardHandlers) };
      });
      await after();
      total += count;
      if (count < EXPIRY_BATCH) return total;
    }
  }

  async #authenticate(
    name: string,
    password: string,
    address: string,
    gone: AbortSignal | undefined,
  ): Promise<UserRow> {
    const { audit, database, passwords, throttle } = this.#options;
    /* Nobody's: such texts are not kept while others are served. */
    if (name.length > MAX_USER_TEXT || password.length > MAX_USER_TEXT) throw authenticationFailed();
    /* The name that was typed is recorded only when it is a user's: people type passwords where the name belongs. */
    let known: string | undefined;
    return throttle.attempt({
      account: nameKey(name),
      address,
      gone,
      check: async () => {
        const user = await findUser(database.queries, name);
        known = user?.name;
        const isRight = user && (await passwords.verify(password, user.password_hash));
        if (isRight && !user.is_disabled) return this.#renewHash(user, password);
        await passwords.levelTime(password, user?.password_hash, await costsInUse(database.queries));
        return undefined;
      },
      failed: (trx) =>
        audit.recordRefusal({ user: known, address }, { action: 'log-in', error: authenticationFailed().message }, trx),
    });
  }

  /** A password is known at a log-in only: that is when a hash of an earlier cost is made anew. Undefined when the password is another one by then. */
  async #renewHash(user: UserRow, password: string): Promise<UserRow | undefined> {
    const { database, passwords } = this.#options;
    if (!passwords.isOutdated(user.password_hash)) return user;
    const hash = await passwords.hash(password);
    const { numUpdatedRows } = await database.queries
      .updateTable('users')
      .set({ password_hash: hash })
      .where('id', '=', user.id)
      .where('password_hash', '=', user.password_hash)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 1n) return { ...user, password_hash: hash };
    /* Somebody else logs in at the same moment, or the password has been changed. */
    const renewed = await findUser(database.queries, user.name);
    return renewed && (await passwords.verify(password, renewed.password_hash)) ? renewed : undefined;
  }

  async #open(trx: Transaction<Schema>, user: UserRow, action: Action, address: string): Promise<OpenedSession> {
    await requireUnchanged(trx, user);
    const ticket = newTicket();
    const time = this.#options.now();
    const { id } = await trx
      .insertInto('sessions')
      .values({ ticket_hash: ticketHash(ticket), user_id: user.id, created_at: time, used_at: time })
      .returning('id')
      .executeTakeFirstOrThrow();
    await this.#options.audit.record(trx, { user: user.name, address }, { action, sessionId: id });
    return { id, user: toUser(user), expiresAt: time + SESSION_LIFE_MS, ticket };
  }
}

/** Why a trusted program gets no ticket for a user; undefined when it does. */
function trustRefusal(user: UserRow | undefined): Failure | undefined {
  if (!user || user.is_disabled) return authenticationFailed();
  return user.is_administrator ? ticketNotAllowed() : undefined;
}

/** While a password is being checked the user may be disabled or given another: then no session may come of it. */
async function requireUnchanged(trx: Transaction<Schema>, user: UserRow): Promise<void> {
  const row = await trx
    .selectFrom('users')
    .select('id')
    .where('id', '=', user.id)
    .where('is_disabled', '=', 0)
    .where('password_hash', '=', user.password_hash)
    .executeTakeFirst();
  if (!row) throw authenticationFailed();
}

/** Compares two secrets in a time that says nothing about them. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => crypto.createHash('sha256').update(text).digest();
  return crypto.timingSafeEqual(digest(given), digest(expected));
}
