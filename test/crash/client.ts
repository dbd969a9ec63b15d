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

/** How often something is done beside all else, the operation it is about, and how: nothing where there is nothing to do it with. */
type Action = readonly [weight: number, operation: string, act: () => Promise<void>];

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

  /** Goes on until `isOver`. Where a favourite is named, every other call is one of that operation, if possible. @throws Violation */
  async work(line: Line, isOver: () => boolean, favourite: string | undefined): Promise<void> {
    while (!isOver()) {
      try {
        const session = await this.#logIn(line);
        if (session.isEnding) return;
        await this.#act(line, session, favourite);
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

  async #act(line: Line, session: SessionEntry, favourite: string | undefined): Promise<void> {
    const { ledger, random, sharedPaths, user } = this.#options;
    const desk: Desk = { ledger, random, line, session, home: `/Public/${user}`, sharedPaths };
    const [uploads, downloads, places] = [new Uploading(desk), new Downloading(desk), new Organizing(desk)];
    const actions: readonly Action[] = [
      [40, 'UploadFileChunk', () => uploads.sendChunk()],
      [10, 'CreateUploadHandler', () => uploads.begin()],
      [16, 'UploadDocumentWithHandler', () => uploads.commit()],
      [3, 'UploadFileChunk', () => uploads.repeatLast()],
      [4, 'DeleteUploadHandler', () => uploads.discard()],
      [6, 'UploadDocument', () => uploads.store()],
      [5, 'CreateFolder', () => places.createFolder()],
      [8, 'GetDownloadHandlerByVersion', () => downloads.open()],
      [10, 'DownloadFileChunk', () => downloads.read()],
      [4, 'DownloadZipWithHandler', () => downloads.openZip()],
      [5, 'DeleteDownloadHandler', () => downloads.discard()],
      [1, 'LogOut', () => this.#logOut(line, session)],
    ];
    const isFavourite = favourite !== undefined && random.oneIn(2);
    await pickByWeight(isFavourite ? actions.filter(([, operation]) => operation === favourite) : actions, random)();
  }
}

/** The documents with a path that begins so, and of which nothing is in doubt. */
export function settledDocuments({ ledger }: Desk, beginning: string): DocumentEntry[] {
  return [...ledger.documents.values()].filter(
    ({ doubts, path, versions }) => path.startsWith(beginning) && doubts.size === 0 && versions.size > 0,
  );
}

function pickByWeight(actions: readonly Action[], random: Random): Action[2] {
  return random.pick(actions.flatMap(([weight, , act]) => Array.from({ length: weight }, () => act)));
}
