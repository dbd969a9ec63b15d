import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../storage/database.js';
import { prepareQuery, type PreparedQuery } from '../storage/prepared-query.js';
import { StorageFailure } from '../values/failure.js';
import type { Guid } from '../values/guid.js';
import { noUploadHandler } from './failures.js';
import { type WaitingCaller, whileWaiting } from './waiting-caller.js';

/** A handler that is this worker's to write to. */
export interface WriterClaim {
  /** The statement that recorded what was written has cleared the claim as well. */
  cleared(): void;
  /** It is not given back, by this claim or a later one of this worker, until one of them lets go of it; or it goes with its handler, which is to be deleted. */
  keep(): void;
  /** Undoes {@link keep}; does not give it back. */
  letGo(): void;
  /** Gives the claim back, unless it was cleared or is kept. Does not reject: what cannot be written down now is written down later. */
  end(): Promise<void>;
}

/** A handler as its session names it: to any other session it does not exist. */
interface Wanted {
  readonly sessionId: number;
  readonly id: Guid;
}

/** Keeps the workers of one server from writing to the same staged content at the same time. */
export interface WriterClaims {
  /**
   * Waits until no other worker writes. @throws Failure, at once, when there is no such handler in this session; the reason when the
   * caller leaves instead.
   */
  take(sessionId: number, id: Guid, caller?: WaitingCaller): Promise<WriterClaim>;
}

/** For a server of one worker: nobody else is there. */
export const soleWriter: WriterClaims = {
  take: () =>
    Promise.resolve({
      cleared: () => undefined,
      keep: () => undefined,
      letGo: () => undefined,
      end: () => Promise.resolve(),
    }),
};

/**
 * How long to wait before looking again for a claim that another worker holds, ms: doubled up to the second figure. So nobody waits much longer than
 * twice as long as they must, and those who wait for slow chunks cost next to nothing.
 */
const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 500;

/** How long to wait before trying again to give a claim back, ms: the disk is full, or fails. */
const RETRY_MS = 500;

/**
 * Claims in the handler's row, for several workers on one database. A claim is held by a worker, not for a time: those of
 * a worker that died are cleared by whoever notices ({@link clear}). Within a worker turns keep the chunks of a handler apart, so a
 * claim that bears its own name is one that could not be given back yet, and good.
 */
export class SharedWriterClaims implements WriterClaims {
  readonly #database: Database;
  readonly #worker: string;
  /** The handlers that are written to, or wait to be. */
  readonly #wanted = new Set<Guid>();
  /** Claims that are to be given back later. */
  readonly #late = new Set<Guid>();
  /** Claims that are being given back after all: they may have to wait for a transaction, and a claim taken meanwhile would go with them. */
  readonly #goingBack = new Map<Guid, Promise<void>>();
  /** The handlers whose claims are not given back. */
  readonly #kept = new Set<Guid>();
  readonly #claim: PreparedQuery<Wanted & { worker: string }, unknown>;
  readonly #look: PreparedQuery<Wanted, { writer: string | null }>;
  readonly #end: PreparedQuery<{ id: Guid; worker: string }, unknown>;

  /** `worker` names this process among all that may ever have written a claim. */
  constructor(database: Database, worker: string) {
    const { queries } = database;
    this.#database = database;
    this.#worker = worker;
    this.#claim = prepareQuery((parameter) =>
      queries
        .updateTable('upload_handlers')
        .set({ writer: parameter('worker') })
        .where('id', '=', parameter('id'))
        .where('session_id', '=', parameter('sessionId'))
        .where((eb) => eb.or([eb('writer', 'is', null), eb('writer', '=', parameter('worker'))])),
    );
    this.#look = prepareQuery((parameter) =>
      queries
        .selectFrom('upload_handlers')
        .select('writer')
        .where('id', '=', parameter('id'))
        .where('session_id', '=', parameter('sessionId')),
    );
    this.#end = prepareQuery((parameter) =>
      queries
        .updateTable('upload_handlers')
        .set({ writer: null })
        .where('id', '=', parameter('id'))
        .where('writer', '=', parameter('worker')),
    );
  }

  async take(sessionId: number, id: Guid, caller: WaitingCaller = {}): Promise<WriterClaim> {
    this.#wanted.add(id);
    try {
      const wanted = { sessionId, id };
      const goingBack = this.#goingBack.get(id);
      if (goingBack) await goingBack;
      if (!(await this.#try(wanted))) await whileWaiting(caller, () => this.#wait(wanted, caller.gone));
    } catch (error) {
      this.#wanted.delete(id);
      /* One from before may still be there. */
      if (error instanceof StorageFailure) this.#giveBackLater(id);
      throw error;
    }
    let isCleared = false;
    return {
      cleared: () => (isCleared = true),
      keep: () => this.#kept.add(id),
      letGo: () => this.#kept.delete(id),
      end: async () => {
        this.#wanted.delete(id);
        if (isCleared) return;
        try {
          await this.#giveBack(id);
        } catch {
          this.#giveBackLater(id);
        }
      },
    };
  }

  async #giveBack(id: Guid): Promise<void> {
    if (this.#kept.has(id)) return;
    await this.#end(this.#database, { id, worker: this.#worker });
  }

  /**
   * Tries until it succeeds: other workers wait for the handler all the while. Not while the claim is wanted again: who wants it gives it back, unless the
   * handler turns out to be somebody else's. Once is enough for each.
   */
  #giveBackLater(id: Guid): void {
    if (this.#late.has(id)) return;
    this.#late.add(id);
    const timer = setTimeout(() => {
      this.#late.delete(id);
      if (this.#wanted.has(id)) {
        this.#giveBackLater(id);
        return;
      }
      if (this.#goingBack.has(id)) return;
      const goingBack = this.#giveBack(id)
        .catch(() => this.#giveBackLater(id))
        .finally(() => this.#goingBack.delete(id));
      this.#goingBack.set(id, goingBack);
    }, RETRY_MS);
    timer.unref();
  }

  /** Returns whether the handler is there and free, and claimed by now. */
  async #try(wanted: Wanted): Promise<boolean> {
    const { numAffectedRows } = await this.#claim(this.#database, { ...wanted, worker: this.#worker });
    return numAffectedRows === 1n;
  }

  /** Looks before it writes: to write is to keep all other workers from writing, even where nothing is changed. */
  async #wait(wanted: Wanted, gone: AbortSignal | undefined): Promise<void> {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      const { rows } = await this.#look(this.#database, wanted);
      const row = rows[0];
      if (!row) throw noUploadHandler();
      if ((row.writer === null || row.writer === this.#worker) && (await this.#try(wanted))) return;
      await pause(wait, gone);
    }
  }

  /** Clears the claims of a worker that is no more; of all workers when none is named, which only a starting server may do. */
  static async clear(database: Database, worker?: string): Promise<void> {
    let query = database.queries.updateTable('upload_handlers').set({ writer: null }).where('writer', 'is not', null);
    if (worker !== undefined) query = query.where('writer', '=', worker);
    await query.execute();
  }
}

/** @throws the reason of `gone`, as soon as that is aborted. */
async function pause(ms: number, gone: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, gone && { signal: gone }).catch(() => gone?.throwIfAborted());
}
