import fs from 'node:fs/promises';
import path from 'node:path';
import { Migrator, sql } from 'kysely';
import { loadSettings } from '../../src/settings.js';
import { ClaimLinks } from '../../src/storage/claim-links.js';
import { Database } from '../../src/storage/database.js';
import { FileContentStore } from '../../src/storage/file-content-store.js';
import { migrate, MIGRATIONS } from '../../src/storage/migrations.js';
import { takeOver } from '../../src/take-over.js';
import { FailingMachine } from '../support/failing-machine.js';
import { scratchDirectory } from '../support/scratch-directory.js';

let directory: string;
let contents: FileContentStore;
let claims: ClaimLinks;
let machine: FailingMachine;
let count = 0;

beforeAll(async () => {
  directory = scratchDirectory();
  contents = await FileContentStore.open(path.join(directory, 'content'));
  claims = new ClaimLinks(path.join(directory, 'claims'));
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
    const { rooms } = await takeOver({ settings, database, contents, claims, boot: 'a boot', log });
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

describe('A database of the first release', () => {
  const TEXT = 'The text of a version. '.repeat(1000);
  const VERSIONS = [1_000_000, 2_000_000, 2_000_001].map((number, n) => ({
    document_id: 1,
    number,
    content_id: `content ${n}`,
    size: n,
    crc32: n,
    author_id: 1,
    comment: `comment ${n}`,
    created_at: 1000 + n,
    modified_at: 2000 + n,
    published_at: n === 1 ? null : 3000 + n,
  }));
  const TEXTS = [TEXT, '', 'short'];
  let database: Database;

  beforeEach(async () => {
    database = new Database(newPath());
    const { queries } = database;
    const provider = { getMigrations: () => Promise.resolve({ '0001_initial': MIGRATIONS['0001_initial'] }) };
    const { error } = await new Migrator({ db: queries, provider }).migrateToLatest();
    expect(error).toBeUndefined();
    await sql`insert into users values (1, 'anna', 'anna', '', '', '', '', 0, 0, 0)`.execute(queries);
    await sql`insert into folders values (1, null, null, 'Public', 'public', 0)`.execute(queries);
    await sql`insert into libraries values (1, 0, 'write')`.execute(queries);
    await sql`insert into documents values (1, 1, 1, 'a.txt', 'a.txt', '', '', null, null, 0)`.execute(queries);
    await sql`insert into unclaimed_contents values ('left', 1)`.execute(queries);
    for (const [n, { created_at, modified_at, published_at, ...version }] of VERSIONS.entries()) {
      const row = [...Object.values(version), TEXTS[n], created_at, modified_at, published_at];
      await sql`insert into versions values (${sql.join(row)})`.execute(queries);
    }
  });

  afterEach(() => database.close());

  async function expectNewest(): Promise<void> {
    const { queries } = database;
    expect(await queries.selectFrom('versions').selectAll().orderBy('number').execute()).toEqual(VERSIONS);
    expect(await queries.selectFrom('version_texts').selectAll().orderBy('number').execute()).toEqual([
      { document_id: 1, number: 1_000_000, text: TEXT },
      { document_id: 1, number: 2_000_001, text: 'short' },
    ]);
    expect(await queries.selectFrom('unclaimed_contents').selectAll().execute()).toEqual([
      { content_id: 'left', since: 1, worker: null },
    ]);
    expect((await sql`pragma foreign_key_check`.execute(queries)).rows).toEqual([]);
    expect((await sql`pragma integrity_check`.execute(queries)).rows).toEqual([{ integrity_check: 'ok' }]);
  }

  test('keeps its versions and their texts, which are in a table of their own from then on', async () => {
    await migrate(database.queries);
    await expectNewest();
  });

  test('is as it was when there is no room to bring it up to date, until there is', async () => {
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(database.queries);
    await sql.raw(`pragma max_page_count = ${rows[0]?.page_count}`).execute(database.queries);
    await expect(migrate(database.queries)).rejects.toThrow('The disk of the server is full.');
    const before = await sql<{ text: string }>`select text_only_content as text from versions order by number`.execute(
      database.queries,
    );
    expect(before.rows.map(({ text }) => text)).toEqual(TEXTS);
    await sql`pragma max_page_count = 1000000`.execute(database.queries);
    await migrate(database.queries);
    await expectNewest();
  });
});
