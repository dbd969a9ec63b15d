import { codeOf } from './error-code.js';

/**
 * A call that could not be carried out, for a reason the caller is told: HTTP 200 and `success="false"` with this text
 * (CONTRACT: business failures). Whatever else is thrown is a fault of the server and is answered `SystemError:`.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** What the log and the audit say: the text without what the caller wrote. */
  readonly summary: string;

  /** @param options - `summary` where the text repeats something of what the caller wrote. */
  constructor(text: string, options: ErrorOptions & { readonly summary?: string } = {}) {
    super(text, options);
    this.summary = options.summary ?? text;
  }
}

/**
 * A failure of the machine under the server (disk, database), told to the caller without details: what could not be done, and what
 * kind of trouble it is when the cause says so.
 */
export class StorageFailure extends Failure {
  constructor(what: string, options?: ErrorOptions) {
    const trouble = storageTrouble(options?.cause);
    super(`SystemError: ${trouble === undefined ? what : `${what} ${trouble}`}`, options);
  }
}

/** What the codes of errors mean, those of the operating system and those of SQLite (whose extended codes begin like these). */
const TROUBLES: readonly (readonly [codes: RegExp, trouble: string])[] = [
  [/^(?:ENOSPC|EDQUOT|SQLITE_FULL)$/, 'The disk of the server is full.'],
  [/^EFBIG$/, 'A file of the server cannot get any larger.'],
  [/^(?:EMFILE|ENFILE)$/, 'The server has too many files open.'],
  [/^(?:EROFS|EACCES|EPERM|SQLITE_READONLY.*|SQLITE_PERM)$/, 'The storage of the server cannot be written to.'],
  [/^(?:EIO|SQLITE_IOERR.*)$/, 'The disk of the server reports an error.'],
  [/^(?:SQLITE_CORRUPT.*|SQLITE_NOTADB)$/, 'The database of the server is damaged.'],
  [/^SQLITE_(?:BUSY|LOCKED|PROTOCOL).*$/, 'The database of the server is busy.'],
  [/^(?:SQLITE_CANTOPEN.*|SQLITE_NOMEM.*)$/, 'The database of the server cannot be reached.'],
];

/** What kind of trouble with the storage an error is; undefined when it is none, or none that is known. */
export function storageTrouble(error: unknown): string | undefined {
  if (error instanceof StorageFailure) return storageTrouble(error.cause);
  const code = codeOf(error);
  return code === undefined ? undefined : TROUBLES.find(([codes]) => codes.test(code))?.[1];
}

/** The ticket was good once, but its session has ended, perhaps a moment ago (CONTRACT, Tickets and errors common to all). */
export function sessionExpired(): Failure {
  return new Failure('[901] Session expired or Invalid ticket');
}
