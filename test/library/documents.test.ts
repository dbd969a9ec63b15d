import type { User } from '../../src/accounts/user.js';
import { requireContent } from '../../src/library/requirements.js';
import { Lookups } from '../../src/library/lookups.js';
import { Failure } from '../../src/values/failure.js';
import { packVersion } from '../../src/values/version-number.js';
import { openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;
let anna: User;

beforeEach(async () => {
  rooms = await openRooms();
  anna = await rooms.users.add({ name: 'anna', password: 'secret' });
  await rooms.libraries.add('Public', 'write');
  await rooms.folders.createPath(anna, '/Public/Reports');
  await rooms.commit(anna, '/Public/Reports/Q1.pdf');
});

afterEach(() => rooms.close());

test.each([
  '/Public/Reports/Q1.pdf',
  'public/REPORTS/q1.PDF',
  '\\Public\\Reports\\Q1.pdf',
  '//Public//Reports//Q1.pdf',
  '~D1',
  '~d1.anything',
  '~F2/Q1.pdf',
  '~F1/Reports/Q1.pdf',
])('A document is found by %j, and has the name it was given', async (path) => {
  expect(await rooms.documents.resolve(anna, path)).toMatchObject({ id: 1, name: 'Q1.pdf', folderId: 2, libraryId: 1 });
});

test.each([
  '',
  '/',
  '/Public',
  '/Public/Q1.pdf',
  '/Public/Reports',
  '/Public/Reports/Q2.pdf',
  '/Public/Reports/Q1.pdf/',
  '/Public/Reports/Q1.pdf/x',
  '/Public/Reports/../Reports/Q1.pdf',
  '/Nowhere/Reports/Q1.pdf',
  '~D2',
  '~D0',
  '~F1',
  '~F9/Q1.pdf',
])('No document is found by %j', async (path) => {
  await expect(rooms.documents.resolve(anna, path)).rejects.toThrow(new Failure('Document not found.'));
});

describe('A version', () => {
  beforeEach(async () => {
    for (const [major, minor, revision] of [
      [1, 0, 1],
      [1, 2, 0],
      [2, 0, 0],
      [2, 0, 7],
    ] as const) {
      await rooms.commit(anna, '~D1', { number: packVersion(major, minor, revision) });
    }
  });

  const byNumber = async (number: number): Promise<number> =>
    (await rooms.documents.byNumber(await rooms.documents.resolve(anna, '~D1'), number)).number;
  const byNumberOrMajor = async (number: number): Promise<number> =>
    (await rooms.documents.byNumberOrMajor(await rooms.documents.resolve(anna, '~D1'), number)).number;

  test.each([
    [0, 2_000_007],
    [1_000_000, 1_000_000],
    [1_000_001, 1_000_001],
    [1_002_000, 1_002_000],
    [2_000_007, 2_000_007],
  ])('is found by number %i', async (number, found) => {
    expect(await byNumber(number)).toBe(found);
    expect(await byNumberOrMajor(number)).toBe(found);
  });

  test.each([1_000_002, 1_999_999, 2_000_008, 3_000_000, 2_147_483_647])(
    'is not found by number %i',
    async (number) => {
      await expect(byNumber(number)).rejects.toThrow(new Failure('Version not found.'));
      await expect(byNumberOrMajor(number)).rejects.toThrow(new Failure('Version not found.'));
    },
  );

  test.each([1, 2, 999_999, -1])('cannot have the number %i', async (number) => {
    await expect(byNumber(number)).rejects.toThrow(/^-?\d+ is not a version number/);
  });

  test.each([
    [1, 1_002_000],
    [2, 2_000_007],
  ])('is found by its major number %i: the latest of those', async (number, found) => {
    expect(await byNumberOrMajor(number)).toBe(found);
  });

  test.each([3, 2400, 999_999])('is not found by the major number %i', async (number) => {
    await expect(byNumberOrMajor(number)).rejects.toThrow(new Failure('Version not found.'));
  });

  test('of a negative number is none', async () => {
    await expect(byNumberOrMajor(-1)).rejects.toThrow('-1 is not a version number');
  });
});

test('The history has the versions up to a number, the latest first, as many as are asked for', async () => {
  await rooms.commit(anna, '~D1');
  await rooms.commit(anna, '~D1');
  const document = await rooms.documents.resolve(anna, '~D1');
  const numbers = async (upTo: number, limit: number): Promise<number[]> =>
    (await rooms.documents.history(document, upTo, limit)).map(({ number }) => number);
  expect(await numbers(document.latest.number, 2)).toEqual([1_000_002, 1_000_001]);
  expect(await numbers(1_000_001, 10)).toEqual([1_000_001, 1_000_000]);
  expect(await numbers(999_999, 10)).toEqual([]);
});

test('The history says of each version what there is to say', async () => {
  const bert = await rooms.users.add({ name: 'Bert', password: 'secret' });
  rooms.clock.time += 1000;
  await rooms.commit(bert, '~D1', { comment: 'better', publish: false }, Buffer.from('other content'));
  const document = await rooms.documents.resolve(anna, '~D1');
  expect(await rooms.documents.history(document, document.latest.number, 10)).toEqual([
    {
      number: 1_000_001,
      size: 13,
      crc32: document.latest.crc32,
      comment: 'better',
      authorId: bert.id,
      authorName: 'Bert',
      createdAt: rooms.clock.time,
      publishedAt: undefined,
    },
    expect.objectContaining({
      number: 1_000_000,
      comment: '',
      authorName: 'anna',
      publishedAt: rooms.clock.time - 1000,
    }),
  ]);
});

test('The published version is the latest that was published', async () => {
  await rooms.commit(anna, '~D1', { publish: true });
  await rooms.commit(anna, '~D1', { publish: false });
  const document = await rooms.documents.resolve(anna, '~D1');
  expect((await rooms.documents.published(document))?.number).toBe(1_000_001);
  expect(document.latest.number).toBe(1_000_002);
});

test('A document of which nothing was published has no published version', async () => {
  await rooms.commit(anna, '/Public/draft.txt', { publish: false });
  expect(await rooms.documents.published(await rooms.documents.resolve(anna, '/Public/draft.txt'))).toBeUndefined();
});

test('Content of an offline library cannot be read', async () => {
  expect(() => requireContent({ access: 'read', isOffline: false })).not.toThrow();
  await rooms.libraries.takeOffline('Public');
  const document = await rooms.documents.resolve(anna, '~D1');
  expect(() => requireContent(document)).toThrow(new Failure('The document is in an offline library.'));
});

test('Looking up a document reads by index at every step', async () => {
  const { queries } = rooms.database;
  const explain = async (text: string): Promise<string[]> => {
    const { rows } = await queries.executeQuery<{ detail: string }>({
      ...queries.selectFrom('users').compile(),
      sql: `explain query plan ${text}`,
      parameters: [],
    });
    return rows.map(({ detail }) => detail);
  };
  const statements: string[] = [];
  const { Lookups } = await import('../../src/library/lookups.js');
  const recorder = Object.create(queries, {
    executeQuery: {
      value: (query: Parameters<typeof queries.executeQuery>[0] & { sql: string; parameters: readonly unknown[] }) => {
        let n = 0;
        statements.push(query.sql.replace(/\?/g, () => JSON.stringify(query.parameters[n++]).replaceAll('"', "'")));
        return queries.executeQuery(query);
      },
    },
  }) as typeof queries;
  const lookups = new Lookups(queries);
  await lookups.document(recorder, anna, '/Public/Reports/Q1.pdf');
  await lookups.document(recorder, anna, '~D1');
  expect(statements).toHaveLength(5);
  for (const statement of statements) {
    for (const step of await explain(statement)) expect(step).not.toMatch(/^SCAN/);
  }
});

test('By its number a document takes the same to look up whether it is not there or may not be read', async () => {
  const bert = await rooms.users.add({ name: 'Bert', password: 'secret' });
  await rooms.libraries.add('Secret', 'none');
  const { documentId } = await rooms.commit({ ...bert, isAdministrator: true }, '/Secret/a.txt');
  const { queries } = rooms.database;
  const lookUps = async (path: string): Promise<number> => {
    let count = 0;
    const executeQuery: typeof queries.executeQuery = (query) => {
      count++;
      return queries.executeQuery(query);
    };
    const counting = new Proxy(queries, { get: (_, name) => (name === 'executeQuery' ? executeQuery : undefined) });
    expect(await new Lookups(queries).document(counting, bert, path)).toBeUndefined();
    return count;
  };
  expect(await lookUps(`~D${documentId}`)).toBe(await lookUps('~D999'));
});

test('What has a name that may no longer be given keeps it, and gets new versions', async () => {
  const { documentId } = await rooms.commit(anna, '/Public/renamed.txt');
  await rooms.database.queries
    .updateTable('documents')
    .set({ name: 'aux.h', name_key: 'AUX.H' })
    .where('id', '=', documentId)
    .execute();
  expect((await rooms.commit(anna, '/Public/aux.h')).documentId).toBe(documentId);
  expect(await rooms.documents.find(anna, '/Public/AUX.h')).toMatchObject({ name: 'aux.h' });
});
