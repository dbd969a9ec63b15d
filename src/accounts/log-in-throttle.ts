import crypto from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../storage/database.js';
import { type PreparedQuery, prepareQuery } from '../storage/prepared-query.js';
import type { FailedLogInsTable, Instant, Schema } from '../storage/schema.js';
import { FairGate } from '../values/fair-gate.js';
import { FairQueue, type Waiting } from '../values/fair-queue.js';
import { networkOf, siteOf } from '../values/network.js';
import { authenticationFailed, tooManyLogIns } from './failures.js';

export interface LogInThrottleOptions {
  readonly database: Database;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
  /** Fulfilled after so many ms; rejected when the signal says so. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** Somebody's try to get in. */
export interface LogInAttempt<T> {
  /** What the secret belongs to: a user's name as it compares, whether there is one or not; undefined for the trusted password. */
  readonly account: string | undefined;
  /** The caller's address. */
  readonly address: string;
  /** Aborted when the caller leaves; then it does not wait any longer. */
  readonly gone?: AbortSignal | undefined;
  /** Compares the secret. Undefined: it is wrong. What it throws counts as no failure. */
  readonly check: () => Promise<T | undefined>;
  /** What else belongs into the transaction that records a failure. */
  readonly failed: (trx: Transaction<Schema>) => Promise<void>;
}

/** Failures of one account from one network that cost nothing: people mistype. */
const ACCOUNT_ALLOWANCE = 5;

/** Failures from one network, whatever the accounts, that cost nothing: a company may be behind one address. */
const NETWORK_ALLOWANCE = 50;

/** Failures from the networks of one site together that cost nothing: see siteOf. */
const SITE_ALLOWANCE = 500;

/** The wait after the first failure beyond the allowance, ms. It doubles with every further one, up to the longest. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/** Without a failure for so long all is forgotten, ms. */
const WINDOW_MS = 15 * 60_000;

/** How many secrets are compared at once: each keeps one of the threads busy that sync content too, of which Node.js has four. */
const AT_ONCE = 2;

/** The most attempts of a process that wait for their turn: ten are through in a second. */
const MOST_IN_QUEUE = 200;

/** The most attempts of a process that wait because of failures before them: each holds a connection, and no more. */
const MOST_WAITING = 200;

/**
 * Slows down guessing. Failures are counted for each account and network together, and more generously for each network; beyond
 * the allowance the next attempt waits before its secret is looked at, so that one that is right gets in, late. Because an account
 * is never counted alone, nobody can shut a user out by failing elsewhere: from a network and site that have not failed, the right
 * password is compared as soon as its turn comes.
 * Whoever gets in has mistyped before: those failures count no longer, for the network neither.
 *
 * The counts are in the database, so that all workers share them. Attempts are compared one after the other, at most {@link AT_ONCE}
 * in a process, and each looks at the counts when its turn comes: many at once gain no more than that. Sites take turns, so that many attempts
 * from one hold up no other; and where many sites fill all places with a few each, networks that have failed give way to those that have not.
 *
 * Nothing here depends on whether there is such a user.
 */
export class LogInThrottle {
  readonly #options: LogInThrottleOptions;
  readonly #gate = new FairGate({ width: AT_ONCE, bound: { places: MOST_IN_QUEUE, refusal: tooManyLogIns } });
  /** Those who wait because of failures. */
  readonly #waiting = new FairQueue<Waiting>(MOST_WAITING);
  readonly #find: PreparedQuery<{ account: string; network: string; site: string }, FailedLogInsTable>;
  #isStopped = false;

  constructor(options: LogInThrottleOptions) {
    this.#options = options;
    const { queries } = options.database;
    this.#find = prepareQuery((parameter) =>
      queries
        .selectFrom('failed_log_ins')
        .selectAll()
        .where('subject', 'in', [parameter('account'), parameter('network'), parameter('site')]),
    );
  }

  /**
   * Carries an attempt out, when it may be. @throws Failure `[900]` for a wrong secret, and after too many of them also without a look
   * at it; SystemError when too many others log in; and what the check throws, or the caller's signal.
   */
  async attempt<T>(attempt: LogInAttempt<T>): Promise<T> {
    const { now } = this.#options;
    const { gone } = attempt;
    const subjects = subjectsOf(attempt);
    const latest = now() + LONGEST_WAIT_MS;
    for (;;) {
      const { isSuspect, opensAt } = await this.#look(subjects);
      if (opensAt > latest) throw authenticationFailed();
      if (opensAt > now()) await this.#wait(opensAt - now(), subjects, gone);
      gone?.throwIfAborted();
      const outcome = await this.#gate.run(subjects.site, () => this.#takeTurn(attempt, subjects), {
        gone,
        givesWay: isSuspect,
      });
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
    this.#isStopped = true;
    this.#waiting.clear();
  }

  /** Undefined: somebody else has failed meanwhile, so that this attempt has to wait again. */
  async #takeTurn<T>(attempt: LogInAttempt<T>, subjects: Subjects): Promise<T | undefined> {
    const { now } = this.#options;
    const { opensAt, hasFailed } = await this.#look(subjects);
    if (opensAt > now()) return undefined;
    const outcome = await attempt.check();
    if (outcome === undefined) {
      await this.#record(subjects, attempt.failed);
      throw authenticationFailed();
    }
    if (hasFailed) await this.#forgive(subjects);
    return outcome;
  }

  async #look(subjects: Subjects): Promise<Standing> {
    const { database, now } = this.#options;
    const { rows } = await this.#find(database, subjects);
    const time = now();
    const opensAt = rows.map((row) => {
      return isRecent(row, time) ? row.failed_at + waitAfter(row.failures, allowanceOf(row.subject, subjects)) : 0;
    });
    return {
      opensAt: Math.max(0, ...opensAt),
      hasFailed: rows.some((row) => row.subject === subjects.account),
      isSuspect: rows.some((row) => row.subject === subjects.network && row.failures > 0 && isRecent(row, time)),
    };
  }

  async #wait(ms: number, { site }: Subjects, gone: AbortSignal | undefined): Promise<void> {
    const end = new AbortController();
    const refuse = (): void => end.abort(authenticationFailed());
    const leave = (): void => end.abort(gone?.reason);
    const entry = { refuse };
    if (this.#isStopped) refuse();
    else this.#waiting.add(site, entry);
    gone?.addEventListener('abort', leave);
    try {
      end.signal.throwIfAborted();
      gone?.throwIfAborted();
      await this.#options.pause(ms, end.signal);
    } catch (error) {
      throw end.signal.aborted ? end.signal.reason : error;
    } finally {
      gone?.removeEventListener('abort', leave);
      this.#waiting.remove(site, entry);
    }
  }

  /** Takes the failures of an account off what counts for its network and site. */
  async #forgive({ account, network, site }: Subjects): Promise<void> {
    const { database, now } = this.#options;
    await database.transact(async (trx) => {
      const row = await trx
        .deleteFrom('failed_log_ins')
        .where('subject', '=', account)
        .returningAll()
        .executeTakeFirst();
      /* Of what is forgotten the network may have forgotten its part as well. */
      if (!row || !isRecent(row, now())) return;
      await trx
        .updateTable('failed_log_ins')
        .set({ failures: sql<number>`case when failures > ${row.failures} then failures - ${row.failures} else 0 end` })
        .where('subject', 'in', [network, site])
        .execute();
    });
  }

  async #record(subjects: Subjects, failed: (trx: Transaction<Schema>) => Promise<void>): Promise<void> {
    const time = this.#options.now();
    await this.#options.database.transact(async (trx) => {
      await trx
        .insertInto('failed_log_ins')
        .values(distinct(subjects).map((subject) => ({ subject, failures: 1, failed_at: time })))
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

/** What the counts say of an attempt. */
interface Standing {
  /** When its secret may be compared. */
  readonly opensAt: Instant;
  /** Whether there are failures of its account to be forgiven. */
  readonly hasFailed: boolean;
  /** Whether somebody of its network has failed lately, and not got in since. */
  readonly isSuspect: boolean;
}

/** What failures are counted by. */
interface Subjects {
  readonly account: string;
  readonly network: string;
  /** Where a site has one network, the same as that. */
  readonly site: string;
}

/* Hashed, because people type passwords where the user name belongs; and so that all are of one length. */
function subjectsOf({ account, address }: { account: string | undefined; address: string }): Subjects {
  const network = networkOf(address);
  return {
    account: account === undefined ? digest('trusted password', network) : digest('account', account, network),
    network: digest('network', network),
    site: digest('network', siteOf(address)),
  };
}

function distinct({ account, network, site }: Subjects): string[] {
  return [...new Set([account, network, site])];
}

function allowanceOf(subject: string, { account, network }: Subjects): number {
  if (subject === account) return ACCOUNT_ALLOWANCE;
  return subject === network ? NETWORK_ALLOWANCE : SITE_ALLOWANCE;
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
