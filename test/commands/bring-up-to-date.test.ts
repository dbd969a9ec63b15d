import fs from 'node:fs/promises';
import { Migrator } from 'kysely';
import { bringUpToDate } from '../../src/commands/bring-up-to-date.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import type { Database } from '../../src/storage/database.js';
import { isMigrated, migrate, MIGRATIONS } from '../../src/storage/migrations.js';
import { Failure } from '../../src/values/failure.js';
import { eventually } from '../support/eventually.js';
import { scratchDirectory } from '../support/scratch-directory.js';

/** Tells how often a command has tried to take it. */
class WatchedDirectory extends DataDirectory {
  tries = 0;

  override lock(): () => void {
    this.tries++;
    return super.lock();
  }
}

let root: string;
let directory: WatchedDirectory;
let database: Database;
/** Gives the directory back that another process has. */
let release: () => void;

beforeEach(async () => {
  root = scratchDirectory();
  directory = new WatchedDirectory(root);
  database = directory.openDatabase();
  const provider = { getMigrations: () => Promise.resolve({ '0001_initial': MIGRATIONS['0001_initial'] }) };
  await new Migrator({ db: database.queries, provider }).migrateToLatest();
  release = new DataDirectory(root).lock();
});

afterEach(async () => {
  release();
  await database.close();
  await fs.rm(root, { recursive: true });
});

const tried = (): Promise<void> =>
  eventually(
    () => directory.tries,
    (tries) => tries > 0,
  );

test('Under a server of an older release the records stay as they are', async () => {
  await expect(bringUpToDate(directory, database, 0)).rejects.toThrow(
    new Failure(
      'The records are of an older release than this command, and another process has the data directory. ' +
        'If it is a server of that release, stop it first; if it is bringing the records up to date, try again when it has.',
    ),
  );
  expect(await isMigrated(database.queries)).toBe(false);
});

test('When it has stopped they are brought up to date, and the directory is given back', async () => {
  const brought = bringUpToDate(directory, database);
  await tried();
  release();
  await brought;
  expect(await isMigrated(database.queries)).toBe(true);
  release = directory.lock();
});

test('Another process that is bringing them up to date is waited for, and may keep the directory', async () => {
  const brought = bringUpToDate(directory, database);
  await tried();
  await migrate(database.queries);
  await expect(brought).resolves.toBeUndefined();
});
