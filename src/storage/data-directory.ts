import fs from 'node:fs';
import path from 'node:path';
import SQLite from 'better-sqlite3';
import { Database } from './database.js';
import { FileContentStore } from './file-content-store.js';
import { Spool } from './spool.js';

/** How long a starting server waits for the workers of one that was killed, ms. */
const WORKERS_END_MS = 10_000;

/**
 * What lies in the data directory:
 *
 * - `lighterage.sqlite` (with `-wal` and `-shm` while it is in use): all records;
 * - `content/`: the contents, see FileContentStore;
 * - `spool/`: empty but for the moment in which a spooled content is made;
 * - `server.lock`, `workers.lock`: held by the one server that may run on the directory, and by its workers.
 */
export class DataDirectory {
  readonly root: string;

  /** Made when it is not there, readable for its owner only. */
  constructor(root: string) {
    this.root = path.resolve(root);
    fs.mkdirSync(this.root, { recursive: true, mode: 0o700 });
  }

  openDatabase(): Database {
    return new Database(path.join(this.root, 'lighterage.sqlite'));
  }

  openContents(): Promise<FileContentStore> {
    return FileContentStore.open(path.join(this.root, 'content'));
  }

  openSpool(): Spool {
    return new Spool(path.join(this.root, 'spool'));
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

function isBusy(error: unknown): boolean {
  return error instanceof SQLite.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

/** Another server runs on the data directory. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';

  constructor() {
    super('Another server runs on this data directory.');
  }
}
