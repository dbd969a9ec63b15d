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
  /** What it was done to: a path, a user, a library. Kept as {@link auditedSubject} has it. */
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

/** Entries written with one statement, and read with one; and the most that a transaction should write. */
export const MOST_AT_ONCE = 500;

/** The longest subject that is kept, characters: any name, and most paths. Callers choose it, and the audit is never cleared. */
const MAX_SUBJECT = 300;

/** The longest reason that is kept, characters. */
const MAX_OUTCOME = 200;

const DONE = 'ok';

/** Whoever is refused and not known counts as one. No user has this name. */
const NOBODY = '';

/**
 * A subject as it is kept: of a long one the end, in which the name is, behind an ellipsis. A text of its own, for V8 keeps the
 * whole of a text as long as there is a part of it.
 */
export function auditedSubject(text: string): string {
  if (text.length <= MAX_SUBJECT) return text;
  return Buffer.from(`\u2026${text.slice(1 - MAX_SUBJECT)}`).toString();
}

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
    for (let start = 0; start < events.length; start += MOST_AT_ONCE) {
      const rows = events.slice(start, start + MOST_AT_ONCE).map((event) => ({
        at,
        user_name: user ?? null,
        user_key: user === undefined ? null : nameKey(user),
        address,
        action: event.action,
        session_id: event.sessionId ?? null,
        document_id: event.documentId ?? null,
        version: event.version ?? null,
        folder_id: event.folderId ?? null,
        subject: auditedSubject(event.subject ?? ''),
        outcome: (event.error ?? DONE).slice(0, MAX_OUTCOME),
      }));
      await trx.insertInto('audit').values(rows).execute();
    }
  }

  /**
   * Records events, as many as there may be, with turns for others in between, who would have to wait while one transaction has the
   * database. @throws StorageFailure: then there may be some of them.
   */
  async recordInTurns(actor: Actor, events: readonly AuditedEvent[]): Promise<void> {
    const work = new LongWork();
    for (let start = 0; start < events.length; start += MOST_AT_ONCE) {
      await this.recordAlone(actor, ...events.slice(start, start + MOST_AT_ONCE));
      await work.pause();
    }
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
    let query = this.#database.queries.selectFrom('audit').selectAll().orderBy('id').limit(MOST_AT_ONCE);
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
