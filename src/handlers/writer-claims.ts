import { setTimeout as delay } from 'node:timers/promises';
import type { Database, Queries } from '../storage/database.js';
import { prepareQuery, type PreparedQuery } from '../storage/prepared-query.js';
import type { Guid } from '../values/guid.js';
import { noUploadHandler } from './failures.js';

/** Gives a claim back. */
export type EndClaim = () => Promise<void>;

/** Keeps the workers of one server from writing to the same staged content at the same time. */
export interface WriterClaims {
  /** Waits until no other worker writes. @throws Failure when the handler is gone. */
  take(id: Guid): Promise<EndClaim>;
}

/** For a server of one worker: nobody else is there. */
export const soleWriter: WriterClaims = { take: () => Promise.resolve(() => Promise.resolve()) };

/** How long to wait before looking again for a claim that another worker holds, ms: doubled up to the second figure. */
const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 50;

/**
 * Claims in the handler's row, for several workers on one database. A claim is held by a worker, not for a time: those of
 * a worker that died are cleared by whoever notices ({@link clear}).
 */
export class SharedWriterClaims implements WriterClaims {
  readonly #queries: Queries;
  readonly #worker: string;
  readonly #claim: PreparedQuery<{ id: Guid; worker: string }, unknown>;
  readonly #end: PreparedQuery<{ id: Guid; worker: string }, unknown>;

  /** `worker` names this process among all that may ever have written a claim. */
  constructor({ queries }: Database, worker: string) {
    this.#queries = queries;
    this.#worker = worker;
    this.#claim = prepareQuery((parameter) =>
      queries
        .updateTable('upload_handlers')
        .set({ writer: parameter('worker') })
        .where('id', '=', parameter('id'))
        .where('writer', 'is', null),
    );
    this.#end = prepareQuery((parameter) =>
      queries
        .updateTable('upload_handlers')
        .set({ writer: null })
        .where('id', '=', parameter('id'))
        .where('writer', '=', parameter('worker')),
    );
  }

  async take(id: Guid): Promise<EndClaim> {
    for (let wait = FIRST_WAIT_MS; !(await this.#try(id)); wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      await delay(wait);
    }
    return async () => {
      await this.#end(this.#queries, { id, worker: this.#worker });
    };
  }

  async #try(id: Guid): Promise<boolean> {
    const { numAffectedRows } = await this.#claim(this.#queries, { id, worker: this.#worker });
    if (numAffectedRows === 1n) return true;
    const row = await this.#queries.selectFrom('upload_handlers').select('id').where('id', '=', id).executeTakeFirst();
    if (!row) throw noUploadHandler();
    return false;
  }

  /** Clears the claims of a worker that is no more; of all workers when none is named, which only a starting server may do. */
  static async clear(database: Database, worker?: string): Promise<void> {
    let query = database.queries.updateTable('upload_handlers').set({ writer: null }).where('writer', 'is not', null);
    if (worker !== undefined) query = query.where('writer', '=', worker);
    await query.execute();
  }
}
