import type { Kysely, Selectable } from 'kysely';
import { LongWork } from '../values/long-work.js';
import { nameKey } from '../values/name-key.js';
import type { VersionNumber } from '../values/version-number.js';
import type { Database } from './database.js';
import { RefusalCounts } from './refusal-counts.js';
import type { AuditTable, Instant, Schema } from './schema.js';

/** Who did something. */
export interface Actor {
  /** The user's name; undefined when it is not known whose call it was. */
  readonly user?: string | undefined;
  /** The caller's address; `command line` and `server` for what was not done by a call. */
  readonly address: string;
}

export type Action =
  | 'log-in'
  | 'trusted log-in'
  | 'log-out'
  | 'create folder'
  | 'commit'
  | 'open download'
  | 'download'
  | 'zip'
  | 'refusals'
  | 'add user'
  | 'disable user'
  | 'enable user'
  | 'set password'
  | 'add library'
  | 'change rights'
  | 'take library offline'
  | 'bring library online'
  | 'unlock document'
  | 'back up';

/** What was done, or tried. Never a ticket, never a password. */
export interface AuditedEvent {
  readonly action: Action;
  readonly sessionId?: number;
  readonly documentId?: number;
  readonly version?: VersionNumber;
  readonly folderId?: number;
  /** What it was done to, as the caller named it: a path, a user, a library. Cut when it is very long. */
  readonly subject?: string;
  /** Why it was not done: the summary of a Failure. @default it was */
  readonly error?: string;
}

/** Which entries to read. All bounds together. */
export interface AuditFilter {
  readonly user?: string | undefined;
  readonly documentId?: number | undefined;
  /** The first moment. */
  readonly since?: Instant | undefined;
  /** The moment after the last. */
  readonly until?: Instant | undefined;
}

export type AuditEntry = Selectable<AuditTable>;

/** Entries written with one statement, and read with one. */
const BATCH = 500;

/** The longest subject that is kept, characters: a path may be as long as a message. */
const MAX_SUBJECT = 4096;

/** The longest reason that is kept, characters. */
const MAX_OUTCOME = 200;

const DONE = 'ok';

/** Whoever is refused and not known counts as one. No user has this name. */
const NOBODY = '';

/** Who did what, and when. Entries are only ever added: the database itself refuses to change or delete one. */
export class AuditTrail {
  readonly #database: Database;
  readonly #now: () => Instant;
  readonly #refusals = new RefusalCounts((user, count) => this.#tellRefusals(user, count));

  /** @param now - the time, ms since 1970 UTC. */
  constructor(database: Database, now: () => Instant) {
    this.#database = database;
    this.#now = now;
  }

  /** Records events in the transaction that makes them happen: there are both then, or neither. */
  async record(trx: Kysely<Schema>, { address, user }: Actor, ...events: readonly AuditedEvent[]): Promise<void> {
    const at = this.#now();
    for (let start = 0; start < events.length; start += BATCH) {
      const rows = events.slice(start, start + BATCH).map((event) => ({
        at,
        user_name: user ?? null,
        user_key: user === undefined ? null : nameKey(user),
        address,
        action: event.action,
        session_id: event.sessionId ?? null,
        document_id: event.documentId ?? null,
        version: event.version ?? null,
        folder_id: event.folderId ?? null,
        subject: (event.subject ?? '').slice(0, MAX_SUBJECT),
        outcome: (event.error ?? DONE).slice(0, MAX_OUTCOME),
      }));
      await trx.insertInto('audit').values(rows).execute();
    }
  }

  /**
   * Records events of one call that have happened already, as many as there may be, with turns for others in between, who would have to wait while
   * one transaction has the database. Returns the last of them, few enough for the transaction that ends the call: see {@link record}.
   * @throws StorageFailure; the reason of `gone`
   */
  async recordAhead(
    actor: Actor,
    events: readonly AuditedEvent[],
    gone?: AbortSignal,
  ): Promise<readonly AuditedEvent[]> {
    const work = new LongWork(gone);
    let start = 0;
    for (; events.length - start > BATCH; start += BATCH) {
      await this.recordAlone(actor, ...events.slice(start, start + BATCH));
      await work.pause();
    }
    return events.slice(start);
  }

  /** Records what happens without a transaction of its own. */
  recordAlone(actor: Actor, ...events: readonly AuditedEvent[]): Promise<void> {
    return this.record(this.#database.queries, actor, ...events);
  }

  /**
   * Records that somebody was refused something. Of more refusals of a user than a person could read, and of those of nobody that is known, only the
   * number is recorded: the audit is never cleared, and anybody who calls could fill the disk with them.
   *
   * @param trx - The transaction it belongs to. @default one of its own
   */
  async recordRefusal(actor: Actor, event: AuditedEvent, trx: Kysely<Schema> = this.#database.queries): Promise<void> {
    if (this.#refusals.add(actor.user ?? NOBODY)) await this.record(trx, actor, event);
  }

  /** Records what has been counted so far: to be called before the server ends. */
  flush(): Promise<void> {
    return this.#refusals.flush();
  }

  #tellRefusals(user: string, count: number): Promise<void> {
    const error = `${count} more calls were refused in a minute`;
    return this.recordAlone(
      { user: user === NOBODY ? undefined : user, address: 'server' },
      { action: 'refusals', error },
    );
  }

  /** The entries, the oldest first; a page of them in memory at a time. */
  async *read({ documentId, since, until, user }: AuditFilter): AsyncGenerator<AuditEntry> {
    let query = this.#database.queries.selectFrom('audit').selectAll().orderBy('id').limit(BATCH);
    if (user !== undefined) query = query.where('user_key', '=', nameKey(user));
    if (documentId !== undefined) query = query.where('document_id', '=', documentId);
    if (since !== undefined) query = query.where('at', '>=', since);
    if (until !== undefined) query = query.where('at', '<', until);
    for (let last = 0; ;) {
      const entries = await query.where('id', '>', last).execute();
      yield* entries;
      const end = entries.at(-1);
      if (!end) return;
      last = end.id;
    }
  }
}
