import SQLite from 'better-sqlite3';
import { type FileOperations, systemFiles } from '../../src/storage/file-operations.js';

/** What can be wrong with a machine, in the words of its operating system. */
export type Trouble = 'ENOSPC' | 'EIO' | 'EMFILE';

/** What a server asks of the machine it is on. */
type Request = keyof FileOperations | 'create' | 'statement that reads' | 'statement that writes';

export interface Plan {
  readonly trouble: Trouble;
  /** Which of the requests that can come to it is the first that does: 1, 2, … */
  readonly at: number;
  /** Whether it is over with that one, or lasts until it is mended. */
  readonly isLasting: boolean;
}

interface Kind {
  /** The requests that can come to it. */
  readonly requests: ReadonlySet<Request>;
  /** What SQLite makes of it. */
  readonly sqliteCode: string;
}

const WRITES: readonly Request[] = ['create', 'write', 'truncate', 'fdatasync', 'fsync', 'mkdir', 'rename', 'symlink'];

const KINDS: Readonly<Record<Trouble, Kind>> = {
  ENOSPC: { requests: new Set<Request>([...WRITES, 'statement that writes']), sqliteCode: 'SQLITE_FULL' },
  EIO: {
    requests: new Set<Request>([
      ...WRITES,
      ...(['open', 'close', 'read', 'empty', 'unlink', 'unlinkSync', 'readlink', 'size', 'names', 'entries'] as const),
      ...(['statement that reads', 'statement that writes'] as const),
    ]),
    sqliteCode: 'SQLITE_IOERR_WRITE',
  },
  /* SQLite has its files open all the time. */
  EMFILE: { requests: new Set<Request>(['create', 'open', 'empty', 'entries']), sqliteCode: 'SQLITE_CANTOPEN' },
};

/**
 * File operations, and SQLite, on a disk that gets full or fails, or with no more files to be had, at a request that can be chosen.
 * What is written to a disk that gets full then is written in part. There is one to a test file: it takes hold of the driver of SQLite.
 */
export class FailingMachine implements FileOperations {
  #plan: Plan | undefined;
  #count = 0;
  #failures = 0;
  #hasLostBytes = false;
  /** What is open, and whether it is a content that is written to. */
  readonly #open = new Map<number, boolean>();

  constructor() {
    this.#takeHoldOfStatements();
  }

  /** From now on requests are counted, and fail as planned. */
  plan(plan: Plan): void {
    this.#plan = plan;
    this.#count = 0;
    this.#failures = 0;
    this.#hasLostBytes = false;
  }

  /** All is well again. Returns how many requests failed. */
  mend(): number {
    this.#plan = undefined;
    return this.#failures;
  }

  /** Whether bytes may be lost since the last plan: a content that was written to could not be synced, or closed. */
  get hasLostBytes(): boolean {
    return this.#hasLostBytes;
  }

  /** How many files are open. */
  get openFiles(): number {
    return this.#open.size;
  }

  open(path: string, flags: string | number, mode?: number): number {
    this.#meet(typeof flags === 'string' && flags.startsWith('wx') ? 'create' : 'open');
    const file = systemFiles.open(path, flags, mode);
    this.#open.set(file, flags !== 'r' && path.includes('/content/'));
    return file;
  }

  /* The number is free afterwards even when the system reports an error (close(2)). */
  close(file: number): void {
    systemFiles.close(file);
    const isWritten = this.#open.get(file) === true;
    this.#open.delete(file);
    const failure = this.#failure('close');
    if (!failure) return;
    if (isWritten) this.#hasLostBytes = true;
    throw failure;
  }

  write(file: number, bytes: Buffer, offset: number, length: number, position: number): number {
    const failure = this.#failure('write');
    if (!failure) return systemFiles.write(file, bytes, offset, length, position);
    systemFiles.write(file, bytes, offset, length >>> 1, position);
    throw failure;
  }

  read(file: number, buffer: Buffer, position: number): number {
    this.#meet('read');
    return systemFiles.read(file, buffer, position);
  }

  truncate(file: number, length: number): void {
    this.#meet('truncate');
    systemFiles.truncate(file, length);
  }

  async fdatasync(file: number): Promise<void> {
    const failure = this.#failure('fdatasync');
    if (failure) this.#hasLostBytes = true;
    await systemFiles.fdatasync(file);
    if (failure) throw failure;
  }

  async fsync(directory: number): Promise<void> {
    const failure = this.#failure('fsync');
    await systemFiles.fsync(directory);
    if (failure) throw failure;
  }

  mkdir(path: string): void {
    this.#meet('mkdir');
    systemFiles.mkdir(path);
  }

  rename(from: string, to: string): void {
    this.#meet('rename');
    systemFiles.rename(from, to);
  }

  async empty(path: string): Promise<void> {
    this.#meet('empty');
    await systemFiles.empty(path);
  }

  async unlink(path: string): Promise<void> {
    this.#meet('unlink');
    await systemFiles.unlink(path);
  }

  unlinkSync(path: string): void {
    this.#meet('unlinkSync');
    systemFiles.unlinkSync(path);
  }

  symlink(target: string, path: string): void {
    this.#meet('symlink');
    systemFiles.symlink(target, path);
  }

  readlink(path: string): string {
    this.#meet('readlink');
    return systemFiles.readlink(path);
  }

  async size(path: string): Promise<number> {
    this.#meet('size');
    return systemFiles.size(path);
  }

  names(path: string): string[] {
    this.#meet('names');
    return systemFiles.names(path);
  }

  async entries(path: string): ReturnType<FileOperations['entries']> {
    this.#meet('entries');
    return systemFiles.entries(path);
  }

  #meet(request: Request): void {
    const failure = this.#failure(request);
    if (failure) throw failure;
  }

  /** Counts a request, and says how it fails when it is to. */
  #failure(request: Request): Error | undefined {
    if (!this.#plan || !this.#comesTo(request)) return undefined;
    const { trouble } = this.#plan;
    return Object.assign(new Error(`${trouble}: ${request}`), { code: trouble });
  }

  #comesTo(request: Request): boolean {
    if (!this.#plan || !KINDS[this.#plan.trouble].requests.has(request)) return false;
    this.#count++;
    const { at, isLasting } = this.#plan;
    if (isLasting ? this.#count < at : this.#count !== at) return false;
    this.#failures++;
    return true;
  }

  /** Every statement is run by way of {@link #meetStatement} from now on, on whatever database. */
  #takeHoldOfStatements(): void {
    const prototype = SQLite.prototype;
    const prepare = (database: SQLite.Database, text: string): SQLite.Statement => {
      const statement = original.call(database, text);
      for (const name of ['run', 'all', 'get', 'iterate'] as const) {
        const run = statement[name].bind(statement) as (...parameters: unknown[]) => unknown;
        Object.defineProperty(statement, name, {
          value: (...parameters: unknown[]): unknown => {
            this.#meetStatement(database, text);
            return run(...parameters);
          },
        });
      }
      return statement;
    };
    // eslint-disable-next-line @typescript-eslint/unbound-method -- It is called with its database above.
    const original = prototype.prepare;
    Object.defineProperty(prototype, 'prepare', {
      value(this: SQLite.Database, text: string) {
        return prepare(this, text);
      },
    });
  }

  /** As SQLite itself does, it takes the whole transaction back when it cannot go on with it (https://sqlite.org/lang_transaction.html). */
  #meetStatement(database: SQLite.Database, text: string): void {
    if (!this.#plan || /^rollback/i.test(text)) return;
    const isReading = /^(?:select|with|begin)/i.test(text);
    if (!this.#comesTo(isReading ? 'statement that reads' : 'statement that writes')) return;
    if (database.inTransaction) database.exec('rollback');
    throw new SQLite.SqliteError('what SQLite says of it', KINDS[this.#plan.trouble].sqliteCode);
  }
}
