import { setImmediate as turn } from 'node:timers/promises';
import type { Random } from '../fuzz/random.js';
import { Downloading } from './downloading.js';
import type { DocumentEntry, Ledger, SessionEntry } from './ledger.js';
import { NoAnswer, type Line } from './line.js';
import { Organizing } from './organizing.js';
import { Uploading } from './uploading.js';

export interface ClientOptions {
  readonly user: string;
  readonly trustedPassword: string;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Documents that others write to as well. */
  readonly sharedPaths: readonly string[];
}

/** What a client has to do something with. */
export interface Desk {
  readonly ledger: Ledger;
  readonly random: Random;
  readonly line: Line;
  readonly session: SessionEntry;
  /** Where this client's documents and folders are: nobody else writes there. */
  readonly home: string;
  readonly sharedPaths: readonly string[];
}

/** Does something, or nothing when there is nothing to do it with. */
type Action = () => Promise<void>;

/**
 * Somebody who uses the service all the time, one call after the other, and keeps to the ledger what was acknowledged. What is
 * in doubt it leaves alone until somebody has looked.
 */
export class Client {
  readonly #options: ClientOptions;
  #session: SessionEntry | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get user(): string {
    return this.#options.user;
  }

  /** Goes on until `isOver`. @throws Violation */
  async work(line: Line, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      try {
        const session = await this.#logIn(line);
        if (session.isEnding) return;
        await this.#act(line, session);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        /* Where one worker is killed the others go on. */
        await turn();
      }
    }
  }

  /** A ticket given by a trusted program: no password has to be hashed. */
  async #logIn(line: Line): Promise<SessionEntry> {
    const { ledger, trustedPassword, user } = this.#options;
    if (this.#session && ledger.sessions.has(this.#session)) return this.#session;
    const { attributes } = await line.call('CreateTicketforUser', { TrustedUserPwd: trustedPassword, UserName: user });
    this.#session = ledger.openSession(user, attributes['ticket'] ?? '');
    return this.#session;
  }

  async #logOut(line: Line, session: SessionEntry): Promise<void> {
    session.isEnding = true;
    await line.call('LogOut', { authenticationTicket: session.ticket });
    this.#options.ledger.endSession(session);
  }

  async #act(line: Line, session: SessionEntry): Promise<void> {
    const { ledger, random, sharedPaths, user } = this.#options;
    const desk: Desk = { ledger, random, line, session, home: `/Public/${user}`, sharedPaths };
    const [uploads, downloads, places] = [new Uploading(desk), new Downloading(desk), new Organizing(desk)];
    const actions: readonly (readonly [weight: number, action: Action])[] = [
      [40, () => uploads.sendChunk()],
      [10, () => uploads.begin()],
      [16, () => uploads.commit()],
      [3, () => uploads.repeatLast()],
      [4, () => uploads.discard()],
      [6, () => uploads.store()],
      [5, () => places.createFolder()],
      [8, () => downloads.open()],
      [10, () => downloads.read()],
      [4, () => downloads.openZip()],
      [5, () => downloads.discard()],
      [1, () => this.#logOut(line, session)],
    ];
    await pickByWeight(actions, random)();
  }
}

/** The documents with a path that begins so, and of which nothing is in doubt. */
export function settledDocuments({ ledger }: Desk, beginning: string): DocumentEntry[] {
  return [...ledger.documents.values()].filter(
    ({ doubts, path, versions }) => path.startsWith(beginning) && doubts.size === 0 && versions.size > 0,
  );
}

function pickByWeight(actions: readonly (readonly [number, Action])[], random: Random): Action {
  return random.pick(actions.flatMap(([weight, action]) => Array.from({ length: weight }, () => action)));
}
