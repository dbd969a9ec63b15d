import { setTimeout as delay } from 'node:timers/promises';
import type { ClaimLinks } from '../storage/claim-links.js';
import type { Database } from '../storage/database.js';
import { prepareQuery, type PreparedQuery } from '../storage/prepared-query.js';
import { StorageFailure } from '../values/failure.js';
import type { Guid } from '../values/guid.js';
import { noUploadHandler } from './failures.js';
import { type WaitingCaller, whileWaiting } from './waiting-caller.js';

/**
 * Keeps the workers of one server from writing to the same staged content at the same time. Within a worker turns keep the chunks of a handler apart: a
 * claim that is taken has ended before it is taken again.
 */
export interface WriterClaims {
  /**
   * Claims a handler for this worker, as soon as no other worker writes to it; {@link end} gives it back. @throws Failure, at once, when another
   * worker writes and there is no such handler in this session; the reason when the caller leaves instead; StorageFailure.
   */
  take(sessionId: number, id: Guid, caller?: WaitingCaller): Promise<void>;
  /** Gives a claim back, unless it is kept. Does not throw: one that cannot be given back now is given back later. */
  end(id: Guid): void;
  /** A claim that was taken is not given back, though it ends, until this worker lets go of it. */
  keep(id: Guid): void;
  /** Undoes {@link keep}, and gives the claim back if it has ended. */
  letGo(id: Guid): void;
  /** Whether any worker has claimed the handler, or that cannot be told. */
  isTaken(id: Guid): boolean;
}

/** For a process that writes while no other does, or not at all: it claims nothing, and sees what others have claimed. */
export function soleWriter(links: ClaimLinks): WriterClaims {
  return {
    take: () => Promise.resolve(),
    end: () => undefined,
    keep: () => undefined,
    letGo: () => undefined,
    isTaken: (id) => links.isClaimed(id),
  };
}

/**
 * How long to wait before looking again for a claim that another worker holds, ms: doubled up to the second figure. So nobody waits much longer than
 * twice as long as they must, and those who wait for slow chunks cost next to nothing.
 */
const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 500;

/** How long to wait before trying again to give a claim back, ms: the disk fails. */
const RETRY_MS = 500;

/** A handler as its session names it: to any other session it does not exist. */
interface Wanted {
  readonly sessionId: number;
  readonly id: Guid;
}

/** A claim this worker has, or may have: one that it could not take, or not give back. */
interface HeldClaim {
  /** It was taken, and has not ended. */
  isInUse: boolean;
  isKept: boolean;
  /** Tries again to give it back. */
  retry?: NodeJS.Timeout;
}

export interface SharedWriterClaimsOptions {
  readonly database: Database;
  readonly links: ClaimLinks;
  /** Names this process among all that may ever have claimed something. */
  readonly worker: string;
}

/**
 * For one of several workers: claims are links, which all of them see. A claim is held by a worker, not for a time: those of a
 * worker that died are freed by whoever notices ({@link ClaimLinks.free}).
 */
export class SharedWriterClaims implements WriterClaims {
  readonly #options: SharedWriterClaimsOptions;
  readonly #held = new Map<Guid, HeldClaim>();
  readonly #look: PreparedQuery<Wanted, unknown>;

  constructor(options: SharedWriterClaimsOptions) {
    const { queries } = options.database;
    this.#options = options;
    this.#look = prepareQuery((parameter) =>
      queries
        .selectFrom('upload_handlers')
        .select('id')
        .where('id', '=', parameter('id'))
        .where('session_id', '=', parameter('sessionId')),
    );
  }

  async take(sessionId: number, id: Guid, caller: WaitingCaller = {}): Promise<void> {
    const held = this.#held.get(id) ?? { isInUse: false, isKept: false };
    try {
      if (!held.isKept && !this.#claim(id))
        await whileWaiting(caller, () => this.#wait({ sessionId, id }, caller.gone));
    } catch (error) {
      /* A disk that reports an error may have made the link all the same. */
      if (error instanceof StorageFailure) this.#giveBack(id, held);
      throw error;
    }
    held.isInUse = true;
    this.#held.set(id, held);
  }

  end(id: Guid): void {
    this.#change(id, { isInUse: false });
  }

  keep(id: Guid): void {
    this.#change(id, { isKept: true });
  }

  letGo(id: Guid): void {
    this.#change(id, { isKept: false });
  }

  isTaken(id: Guid): boolean {
    return this.#options.links.isClaimed(id);
  }

  /** Nothing holds a claim that is gone already: its upload was deleted meanwhile. */
  #change(id: Guid, change: Partial<HeldClaim>): void {
    const held = this.#held.get(id);
    if (held) this.#giveBack(id, Object.assign(held, change));
  }

  #claim(id: Guid): boolean {
    const { links, worker } = this.#options;
    return links.claim(id, worker);
  }

  /**
   * Gives a claim back that is neither in use nor kept. Tries until it succeeds: other workers may wait for the handler all the while. Whoever takes the
   * claim meanwhile gives it back.
   */
  #giveBack(id: Guid, held: HeldClaim): void {
    if (held.isInUse || held.isKept) return;
    clearTimeout(held.retry);
    const { links, worker } = this.#options;
    try {
      links.release(id, worker);
      this.#held.delete(id);
    } catch {
      this.#held.set(id, held);
      held.retry = setTimeout(() => this.#giveBack(id, held), RETRY_MS);
      held.retry.unref();
    }
  }

  /** Each time it looks whether there is something to wait for. */
  async #wait(wanted: Wanted, gone: AbortSignal | undefined): Promise<void> {
    const { database } = this.#options;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      const { rows } = await this.#look(database, wanted);
      if (rows.length === 0) throw noUploadHandler();
      if (this.#claim(wanted.id)) return;
      await pause(wait, gone);
    }
  }
}

/** @throws the reason of `gone`, as soon as that is aborted. */
async function pause(ms: number, gone: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, gone && { signal: gone }).catch(() => gone?.throwIfAborted());
}
