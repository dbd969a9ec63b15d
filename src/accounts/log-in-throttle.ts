import crypto from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../storage/database.js';
import { type PreparedQuery, prepareQuery } from '../storage/prepared-query.js';
import type { FailedLogInsTable, Instant, Schema } from '../storage/schema.js';
import { authenticationFailed, tooManyLogIns } from './failures.js';
import { Gate } from './gate.js';
import { networkOf } from './network.js';

export interface LogInThrottleOptions {
  readonly database: Database;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
  /** Fulfilled after so many ms; rejected when the signal says so. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** Somebody's try to get in. */
export interface LogInAttempt<T> {
  /** What the secret belongs to: a user's name as it compares, whether there is one or not. */
  readonly account: string;
  /** The caller's address. */
  readonly address: string;
  /** Compares the secret. Undefined: it is wrong. What it throws counts as no failure. */
  readonly check: () => Promise<T | undefined>;
  /** What else belongs into the transaction that records a failure. */
  readonly failed: (trx: Transaction<Schema>) => Promise<void>;
}

/** Failures of one account from one network that cost nothing: people mistype. */
const ACCOUNT_ALLOWANCE = 5;

/** Failures from one network, whatever the accounts, that cost nothing: a company may be behind one address. */
const NETWORK_ALLOWANCE = 50;

/** The wait after the first failure beyond the allowance, ms. It doubles with every further one, up to the longest. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/** Without a failure for so long all is forgotten, ms. */
const WINDOW_MS = 15 * 60_000;

/**
 * How many secrets are compared at once: each keeps one of the threads busy that read and sync content too, of which Node.js
 * has four.
 */
const AT_ONCE = 2;

/** The most attempts of a process that wait for their turn: ten are through in a second. */
const MOST_IN_QUEUE = 200;

/** The most attempts of a process that wait because of failures before them: each holds a connection, and no more. */
const MOST_WAITING = 200;

/**
 * Slows down guessing. Failures are counted for each account and network together, and more generously for each network; beyond
 * the allowance the next attempt waits before its secret is looked at, so that one that is right gets in, late. Because an account
 * is never counted alone, nobody can shut a user out: from a network that has not failed, the right password works at once.
 *
 * The counts are in the database, so that all workers share them. Attempts are compared one after the other, at most {@link AT_ONCE}
 * in a process, and each looks at the counts when its turn comes: many at once gain nothing.
 *
 * Nothing here depends on whether there is such a user.
 */
export class LogInThrottle {
  readonly #options: LogInThrottleOptions;
  readonly #gate = new Gate(AT_ONCE);
  readonly #stopped = new AbortController();
  readonly #find: PreparedQuery<{ account: string; network: string }, FailedLogInsTable>;
  #waiting = 0;

  constructor(options: LogInThrottleOptions) {
    this.#options = options;
    setMaxListeners(MOST_WAITING, this.#stopped.signal);
    const { queries } = options.database;
    this.#find = prepareQuery((parameter) =>
      queries
        .selectFrom('failed_log_ins')
        .selectAll()
        .where('subject', 'in', [parameter('account'), parameter('network')]),
    );
  }

  /**
   * Carries an attempt out, when it may be. @throws Failure `[900]` for a wrong secret, and after too many of them also without a look
   * at it; SystemError when too many others log in; and what the check throws.
   */
  async attempt<T>(attempt: LogInAttempt<T>): Promise<T> {
    const { now } = this.#options;
    const subjects = subjectsOf(attempt);
    const latest = now() + LONGEST_WAIT_MS;
    for (;;) {
      const { opensAt } = await this.#look(subjects);
      if (opensAt > latest) throw authenticationFailed();
      if (opensAt > now()) await this.#wait(opensAt - now());
      if (this.#gate.waiting >= MOST_IN_QUEUE) throw tooManyLogIns();
      const outcome = await this.#gate.run(() => this.#takeTurn(attempt, subjects));
      if (outcome !== undefined) return outcome;
    }
  }

  /** Forgets what is too old to count. */
  async expire(): Promise<void> {
    const { database, now } = this.#options;
    await database.queries
      .deleteFrom('failed_log_ins')
      .where('failed_at', '<=', now() - WINDOW_MS)
      .execute();
  }

  /** Refuses those who wait, and whoever would have to from now on: for a server that stops. */
  stop(): void {
    this.#stopped.abort();
  }

  /** Undefined: somebody else has failed meanwhile, so that this attempt has to wait again. */
  async #takeTurn<T>(attempt: LogInAttempt<T>, subjects: Subjects): Promise<T | undefined> {
    const { database, now } = this.#options;
    const { opensAt, hasFailed } = await this.#look(subjects);
    if (opensAt > now()) return undefined;
    const outcome = await attempt.check();
    if (outcome === undefined) {
      await this.#record(subjects, attempt.failed);
      throw authenticationFailed();
    }
    if (hasFailed) {
      await database.queries.deleteFrom('failed_log_ins').where('subject', '=', subjects.account).execute();
    }
    return outcome;
  }

  async #look(subjects: Subjects): Promise<{ opensAt: Instant; hasFailed: boolean }> {
    const { database, now } = this.#options;
    const { rows } = await this.#find(database, subjects);
    const time = now();
    const opensAt = rows.map((row) => {
      const allowance = row.subject === subjects.account ? ACCOUNT_ALLOWANCE : NETWORK_ALLOWANCE;
      return isRecent(row, time) ? row.failed_at + waitAfter(row.failures, allowance) : 0;
    });
    return { opensAt: Math.max(0, ...opensAt), hasFailed: rows.some((row) => row.subject === subjects.account) };
  }

  async #wait(ms: number): Promise<void> {
    const { signal } = this.#stopped;
    if (this.#waiting >= MOST_WAITING) throw authenticationFailed();
    this.#waiting++;
    try {
      await this.#options.pause(ms, signal);
    } catch (error) {
      throw signal.aborted ? authenticationFailed() : error;
    } finally {
      this.#waiting--;
    }
  }

  async #record(subjects: Subjects, failed: (trx: Transaction<Schema>) => Promise<void>): Promise<void> {
    const time = this.#options.now();
    await this.#options.database.transact(async (trx) => {
      await trx
        .insertInto('failed_log_ins')
        .values([subjects.account, subjects.network].map((subject) => ({ subject, failures: 1, failed_at: time })))
        .onConflict((conflict) =>
          conflict.column('subject').doUpdateSet({
            /* The table's own columns: in an upsert their bare names would be those of either row. */
            failures: sql<number>`case
            when failed_log_ins.failed_at > ${time - WINDOW_MS} and failed_log_ins.failed_at <= ${time}
            then failed_log_ins.failures + 1 else 1 end`,
            failed_at: time,
          }),
        )
        .execute();
      await failed(trx);
    });
  }
}

/** What failures are counted by. */
interface Subjects {
  readonly account: string;
  readonly network: string;
}

/* Hashed, because people type passwords where the user name belongs; and so that all are of one length. */
function subjectsOf({ account, address }: { account: string; address: string }): Subjects {
  const network = networkOf(address);
  return { account: digest('account', account, network), network: digest('network', network) };
}

function digest(...parts: readonly string[]): string {
  return crypto.createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** A failure that is yet to come is the work of a clock that was set back: it must not shut anybody out until it is reached. */
function isRecent({ failed_at }: FailedLogInsTable, time: Instant): boolean {
  return failed_at <= time && failed_at > time - WINDOW_MS;
}

/** How long after the last of so many failures the next attempt may be, ms. */
function waitAfter(failures: number, allowance: number): number {
  if (failures < allowance) return 0;
  return Math.min(FIRST_WAIT_MS * 2 ** (failures - allowance), LONGEST_WAIT_MS);
}
