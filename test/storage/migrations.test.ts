import fs from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { loadSettings } from '../../src/settings.js';
import { Database } from '../../src/storage/database.js';
import { FileContentStore } from '../../src/storage/file-content-store.js';
import { migrate } from '../../src/storage/migrations.js';
import { takeOver } from '../../src/take-over.js';
import { FailingMachine } from '../support/failing-machine.js';
import { scratchDirectory } from '../support/scratch-directory.js';

let directory: string;
let contents: FileContentStore;
let machine: FailingMachine;
let count = 0;

beforeAll(async () => {
  directory = scratchDirectory();
  contents = await FileContentStore.open(path.join(directory, 'content'));
  machine = new FailingMachine();
});

afterAll(() => fs.rm(directory, { recursive: true }));

const newPath = (): string => path.join(directory, `${++count}.sqlite`);

const { settings } = loadSettings({ flags: {}, environment: {} });

/** What a start does with the database, before the server takes calls. */
async function start(databasePath: string, before: (database: Database) => Promise<unknown>): Promise<void> {
  const database = new Database(databasePath);
  try {
    await before(database);
    const log = { warn: () => undefined };
    const { rooms } = await takeOver({ settings, database, contents, boot: 'a boot', log });
    await rooms.libraries.addFirst('Public');
  } finally {
    machine.mend();
    await database.close();
  }
}

const nothing = (): Promise<void> => Promise.resolve();

/** What it fails with; undefined when it does not. */
function failureOf(started: Promise<void>): Promise<string | undefined> {
  return started.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  );
}

/** The start after. */
async function expectStart(databasePath: string): Promise<void> {
  await start(databasePath, nothing);
  const database = new Database(databasePath);
  const names = await database.queries.selectFrom('folders').select('name').execute();
  await database.close();
  expect(names).toEqual([{ name: 'Public' }]);
}

test('A database that is full at any page of a first start is made by the next', async () => {
  let pages = 1;
  for (; ; pages++) {
    const databasePath = newPath();
    const limit = (database: Database): Promise<unknown> =>
      sql.raw(`pragma max_page_count = ${pages}`).execute(database.queries);
    const failure = await failureOf(start(databasePath, limit));
    if (failure === undefined) break;
    expect(failure).toContain('The disk of the server is full.');
    await expectStart(databasePath);
  }
  expect(pages).toBeGreaterThan(20);
});

test.each([
  { trouble: 'ENOSPC', isLasting: true, words: 'The disk of the server is full.' },
  { trouble: 'EIO', isLasting: false, words: 'The disk of the server reports an error.' },
] as const)(
  'A first start that meets $trouble at any statement says so, and the next one makes the database',
  async ({ isLasting, trouble, words }) => {
    let at = 1;
    const plan = (): Promise<void> => {
      machine.plan({ trouble, at, isLasting });
      return Promise.resolve();
    };
    for (; ; at++) {
      const databasePath = newPath();
      const failure = await failureOf(start(databasePath, plan));
      if (failure === undefined) break;
      expect(failure).toContain(words);
      await expectStart(databasePath);
    }
    expect(at).toBeGreaterThan(30);
  },
);

test('A database that is up to date is only looked at', async () => {
  const databasePath = newPath();
  await expectStart(databasePath);
  const database = new Database(databasePath);
  machine.plan({ trouble: 'ENOSPC', at: 1, isLasting: true });
  await migrate(database.queries);
  expect(machine.mend()).toBe(0);
  await database.close();
});

test('A database that a newer release has been at is refused', async () => {
  const databasePath = newPath();
  await expectStart(databasePath);
  const later = (database: Database): Promise<unknown> =>
    sql`insert into kysely_migration (name, timestamp) values ('0002_later', '2027-01-01')`.execute(database.queries);
  expect(await failureOf(start(databasePath, later))).toContain('A newer release');
  expect(await failureOf(start(databasePath, nothing))).toContain('A newer release');
});
