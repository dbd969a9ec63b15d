import fs from 'node:fs';
import path from 'node:path';
import SQLite from 'better-sqlite3';
import { codeOf } from '../values/error-code.js';
import { ClaimLinks } from './claim-links.js';
import { Database } from './database.js';
import { FileContentStore } from './file-content-store.js';
import { type FileOperations, systemFiles } from './file-operations.js';
import { FreeSpace } from './free-space.js';
import { Spool } from './spool.js';

/** How long a starting server waits for the workers of one that was killed, ms. */
const WORKERS_END_MS = 10_000;

/** The rights of others than the owner of a file. */
const OTHERS = 0o077;

/** What lies in a data directory, and in the root of a file system. */
const OWN_NAME = /^(?:lighterage\.sqlite|content|spool|claims|server\.lock|workers\.lock|lost\+found)(?:[.-]|$)/;

export interface DataDirectoryOptions {
  /** New content is refused when less than this is free, bytes. @default 0 */
  readonly minFree?: number;
  /** The most content that waits at a time in this process until it is known where it belongs, bytes. @default there is no limit */
  readonly maxWaiting?: number;
  /** @default the system's */
  readonly files?: FileOperations;
}

/**
 * What lies in the data directory:
 *
 * - `lighterage.sqlite` (with `-wal` and `-shm` while it is in use): all records;
 * - `content/`: the contents, see FileContentStore;
 * - `content.aside/`: contents that no record named, after a loss of power or at a repair; for a person to look at, and to delete;
 * - `spool/`: empty but for the moment in which a spooled content is made;
 * - `claims/`: which worker has an upload to itself, see ClaimLinks;
 * - `server.lock`, `workers.lock`: held by the one server that may run on the directory, and by its workers.
 */
export class DataDirectory {
  readonly root: string;
  readonly #files: FileOperations;
  readonly #space: FreeSpace;
  readonly #maxWaiting: number;

  /** Made when it is not there, readable for its owner only; then it survives a loss of power. */
  constructor(root: string, { minFree = 0, maxWaiting = Infinity, files = systemFiles }: DataDirectoryOptions = {}) {
    this.root = path.resolve(root);
    const made = fs.mkdirSync(this.root, { recursive: true, mode: 0o700 });
    /* Without a database, who made the directory need not have lived to sync it. */
    if (made !== undefined || !fs.existsSync(this.databasePath)) syncAbove(this.root, made ?? this.root);
    this.#files = files;
    this.#maxWaiting = maxWaiting;
    this.#space = FreeSpace.of(this.root, minFree);
  }

  /**
   * Shuts out the other users of the machine from a directory that somebody else has made, as far as it is the server's own: one that
   * holds other things, or belongs to another user, is left as it is. Returns whether they are shut out now.
   */
  keepPrivate(): boolean {
    const { mode, uid } = fs.statSync(this.root);
    if ((mode & OTHERS) === 0) return true;
    const isOwn = uid === process.getuid?.() && fs.readdirSync(this.root).every((name) => OWN_NAME.test(name));
    if (isOwn) fs.chmodSync(this.root, 0o700);
    return isOwn;
  }

  /** The file of the records. */
  get databasePath(): string {
    return path.join(this.root, 'lighterage.sqlite');
  }

  openDatabase(): Database {
    return new Database(this.databasePath);
  }

  openContents(): Promise<FileContentStore> {
    return FileContentStore.open(path.join(this.root, 'content'), { files: this.#files, space: this.#space });
  }

  openSpool(): Spool {
    const most = this.#maxWaiting;
    return new Spool(path.join(this.root, 'spool'), { files: this.#files, space: this.#space, most });
  }

  openClaims(): ClaimLinks {
    return new ClaimLinks(path.join(this.root, 'claims'), this.#files);
  }

  /**
   * Takes the directory for one server, until the function it returns is called or the process ends, however it ends: the lock is the
   * operating system's, on a file. Waits for the workers of a server that was killed: they end within moments.
   * @throws DirectoryInUse
   */
  lock(): () => void {
    const server = this.#openLock('server.lock', 0);
    try {
      server.exec('begin exclusive');
      const workers = this.#openLock('workers.lock', WORKERS_END_MS);
      workers.exec('create table if not exists lock (id)');
      workers.exec('begin exclusive; rollback');
      workers.close();
    } catch (error) {
      server.close();
      throw isBusy(error) ? new DirectoryInUse() : error;
    }
    return () => server.close();
  }

  /** Marks the directory as served by this process, beside others of one server. Until the function it returns is called, or the process ends. */
  join(): () => void {
    const workers = this.#openLock('workers.lock', WORKERS_END_MS);
    workers.exec('begin');
    workers.prepare('select count(*) from lock').get();
    return () => workers.close();
  }

  #openLock(name: string, timeout: number): SQLite.Database {
    return new SQLite(path.join(this.root, name), { timeout });
  }
}

/** Syncs the directories that have a name of those from `bottom` up to `top`. */
function syncAbove(bottom: string, top: string): void {
  for (let made = bottom; ; made = path.dirname(made)) {
    const parent = fs.openSync(path.dirname(made), 'r');
    try {
      fs.fsyncSync(parent);
    } finally {
      fs.closeSync(parent);
    }
    if (made === top) return;
  }
}

/** By its code: better-sqlite3 throws errors of the first copy of it that was loaded into the process, whoever calls. */
function isBusy(error: unknown): boolean {
  return codeOf(error)?.startsWith('SQLITE_BUSY') === true;
}

/** Another server runs on the data directory. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';

  constructor() {
    super('Another server runs on this data directory.');
  }
}
