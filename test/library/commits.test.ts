import type { User } from '../../src/accounts/user.js';
import type { CommitTarget } from '../../src/library/commits.js';
import { MAX_PATH_LENGTH } from '../../src/library/way.js';
import { Failure } from '../../src/values/failure.js';
import { packVersion } from '../../src/values/version-number.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;
let anna: User;
let bert: User;

beforeEach(async () => {
  rooms = await openRooms();
  anna = await rooms.users.add({ name: 'anna', password: 'secret' });
  bert = await rooms.users.add({ name: 'bert', password: 'secret' });
  await rooms.libraries.add('Public', 'write');
  await rooms.folders.createPath(anna, '/Public/Reports');
});

afterEach(() => rooms.close());

const documentRow = (id: number) =>
  rooms.database.queries.selectFrom('documents').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const versionRow = (id: number, number: number) =>
  rooms.database.queries
    .selectFrom('versions')
    .selectAll()
    .where('document_id', '=', id)
    .where('number', '=', number as never)
    .executeTakeFirstOrThrow();
const textRows = () => rooms.database.queries.selectFrom('version_texts').selectAll().execute();
const countVersions = async (): Promise<number> =>
  (await rooms.database.queries.selectFrom('versions').select('number').execute()).length;

describe('A commit', () => {
  test('to a path that names nothing makes a document with version 1.0.0', async () => {
    const content = await rooms.stage(Buffer.from('hello'));
    const { commits, unclaimed } = rooms;
    const commit = await commits.commitVersion(anna, { path: '/Public/a.txt' }, content, {}, (trx) =>
      unclaimed.claim(trx, content.id),
    );
    expect(commit).toEqual({ documentId: 1, version: 1_000_000 });
    expect((await rooms.documents.resolve(anna, '/public/A.TXT')).latest).toEqual({
      documentId: 1,
      number: 1_000_000,
      contentId: content.id,
      size: 5,
      crc32: 0x3610a686,
      modifiedAt: rooms.clock.time,
    });
  });

  test.each(['/Public/a.txt', '/PUBLIC/A.txt', '~D1', '~D1.txt', '~F1/a.txt'])(
    'to %j, which names a document, adds a version',
    async (path) => {
      await rooms.commit(anna, '/Public/a.txt');
      expect(await rooms.commit(bert, path)).toEqual({ documentId: 1, version: 1_000_001 });
    },
  );

  test('makes no document with a longer path than one may have, but versions of those that have', async () => {
    const long = `/Public${`/${'x'.repeat(255)}`.repeat(15)}`;
    const { id } = await rooms.folders.createPath(anna, long);
    const name = 'y'.repeat(MAX_PATH_LENGTH - long.length - 1);
    const tooLong = new Failure('The path is longer than 4096 characters.');
    for (const target of [{ path: `~F${id}/${name}y` }, { folderPath: long, documentName: `${name}y` }]) {
      await expect(rooms.commits.requireTarget(anna, target)).rejects.toThrow(tooLong);
      await expect(rooms.commit(anna, target)).rejects.toThrow(tooLong);
    }
    await rooms.commit(anna, `${long}/${name}`);
    const { queries } = rooms.database;
    await queries
      .updateTable('documents')
      .set({ name: `${name}y`, name_key: `${name}y`.toUpperCase() })
      .execute();
    expect(await rooms.commit(anna, `${long}/${name}y`)).toEqual({ documentId: 1, version: 1_000_001 });
  });

  test('to a name in a folder makes a new document', async () => {
    expect(await rooms.commit(anna, { folderPath: '/Public/Reports/', documentName: 'a.txt' })).toEqual({
      documentId: 1,
      version: 1_000_000,
    });
  });

  test('to a document whose name would be given to no other any more makes a version of it, and of a folder likewise', async () => {
    await rooms.commit(anna, '/Public/Reports/a.txt');
    const { queries } = rooms.database;
    await queries.updateTable('documents').set({ name: 'CON\u202e.txt', name_key: 'CON\u202e.TXT' }).execute();
    await queries.updateTable('folders').set({ name: 'NUL', name_key: 'NUL' }).where('name', '=', 'Reports').execute();
    expect(await rooms.commit(anna, '/Public/nul/Con\u202e.txt')).toEqual({ documentId: 1, version: 1_000_001 });
    expect((await rooms.documents.resolve(anna, '/Public/NUL/CON\u202e.txt')).latest.number).toBe(1_000_001);
  });

  test('moves no content', async () => {
    const content = await rooms.stage(Buffer.from('hello'));
    await rooms.commits.commitVersion(anna, { path: '/Public/a.txt' }, content, {}, (trx) =>
      rooms.unclaimed.claim(trx, content.id),
    );
    expect(await rooms.contents.size(content.id)).toBe(5);
  });
});

const refused: [string, CommitTarget, string][] = [
  ['a folder that is not there', { path: '/Public/Nowhere/a.txt' }, 'Folder not found.'],
  ['a library that is not there', { path: '/Nowhere/a.txt' }, 'Folder not found.'],
  ['no folder at all', { path: '/a.txt' }, 'Folder not found.'],
  ['a document number that is not there', { path: '~D99' }, 'Document not found.'],
  ['nothing', { path: '' }, 'The path names no document, but a folder.'],
  ['a folder number', { path: '~F1' }, 'The path names no document, but a folder.'],
  ['a path with a slash behind it', { path: '/Public/Reports/' }, 'The path names no document, but a folder.'],
  ['the name of a folder', { path: '/Public/reports' }, 'There is a folder "reports" already.'],
  ['a name that cannot be one', { path: '/Public/a:b' }, 'The name contains one of the characters \\ / : * ? " < > |.'],
  ['the folder above', { path: '/Public/Reports/..' }, 'The name begins or ends with white space, or ends with a dot.'],
  ['a new document in no folder', { folderPath: '/Nowhere', documentName: 'a.txt' }, 'Folder not found.'],
  ['a new document in a document', { folderPath: '~D1', documentName: 'a.txt' }, 'Folder not found.'],
  [
    'a new document of a name that is taken',
    { folderPath: '/Public', documentName: 'TAKEN.txt' },
    'There is a document "TAKEN.txt" in the folder already.',
  ],
  [
    'a new document of a name with a path in it',
    { folderPath: '/Public', documentName: '../a.txt' },
    'The name contains one of the characters \\ / : * ? " < > |.',
  ],
  ['a new document without a name', { folderPath: '/Public', documentName: '' }, 'The name is empty.'],
];

describe('A commit is refused, and its content stays where it was, when the target is', () => {
  test.each(refused)('%s', async (_, target, text) => {
    await rooms.commit(anna, '/Public/taken.txt');
    const session = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
    const { id } = await rooms.uploads.create(session.id, 0);
    await rooms.database.queries.updateTable('upload_handlers').set({ is_complete: 1 }).execute();
    const attempt = rooms.commits.commitVersion(anna, target, { id, size: 0, crc32: 0 }, {}, (trx) =>
      rooms.uploads.consume(trx, session.id, id),
    );
    await expect(attempt).rejects.toThrow(new Failure(text));
    await expect(rooms.uploads.staged(session.id, id)).resolves.toMatchObject({ id });
    expect(await countVersions()).toBe(1);
  });
});

test('Of two commits of one upload, one succeeds and the other finds it gone', async () => {
  const session = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
  const { id } = await rooms.uploads.create(session.id, 0);
  await rooms.database.queries.updateTable('upload_handlers').set({ is_complete: 1 }).execute();
  const outcomes = await Promise.allSettled(
    ['/Public/a.txt', '/Public/b.txt'].map((path) =>
      rooms.commits.commitVersion(anna, { path }, { id, size: 0, crc32: 0 }, {}, (trx) =>
        rooms.uploads.consume(trx, session.id, id),
      ),
    ),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(await countVersions()).toBe(1);
});

test('Twenty commits to one path at once make one document of twenty versions', async () => {
  const commits = await Promise.all(Array.from({ length: 20 }, () => rooms.commit(anna, '/Public/a.txt')));
  expect(new Set(commits.map(({ documentId }) => documentId))).toEqual(new Set([1]));
  expect(commits.map(({ version }) => version).sort()).toEqual(Array.from({ length: 20 }, (_, n) => 1_000_000 + n));
});

describe('The number of a version', () => {
  test('can be given for the first one', async () => {
    expect(await rooms.commit(anna, '/Public/a.txt', { number: packVersion(3, 0, 0) })).toMatchObject({
      version: 3_000_000,
    });
  });

  test('can be given for a later one, and the next goes on from there', async () => {
    await rooms.commit(anna, '/Public/a.txt');
    expect(await rooms.commit(anna, '~D1', { number: packVersion(1, 5, 999) })).toMatchObject({ version: 1_005_999 });
    expect(await rooms.commit(anna, '~D1')).toMatchObject({ version: 1_006_000 });
  });

  test.each([
    [2, 0, 0],
    [1, 999, 999],
  ])('cannot be %i.%i.%i after 2.0.0', async (major, minor, revision) => {
    await rooms.commit(anna, '/Public/a.txt', { number: packVersion(2, 0, 0) });
    await expect(rooms.commit(anna, '~D1', { number: packVersion(major, minor, revision) })).rejects.toThrow(
      `The version number ${major}.${minor}.${revision} is not greater than that of the latest version, 2.0.0.`,
    );
  });

  test('ends with 2400.999.999', async () => {
    await rooms.commit(anna, '/Public/a.txt', { number: packVersion(2400, 999, 999) });
    await expect(rooms.commit(anna, '~D1')).rejects.toThrow('The document has no version number left.');
  });
});

describe('A lock', () => {
  test('is set by a commit with checkout and stops the versions of others', async () => {
    await rooms.commit(anna, '/Public/a.txt', { checkout: true });
    await expect(rooms.commit(bert, '/Public/a.txt')).rejects.toThrow('The document is checked out by "anna".');
    expect(await rooms.documents.resolve(bert, '~D1')).toMatchObject({ lock: { userName: 'anna', userId: anna.id } });
  });

  test('stops an administrator too', async () => {
    const admin = await rooms.users.add({ name: 'admin', password: 'secret', isAdministrator: true });
    await rooms.commit(anna, '/Public/a.txt', { checkout: true });
    await expect(rooms.commit(admin, '/Public/a.txt')).rejects.toThrow('checked out');
  });

  test('can be set with a later version', async () => {
    await rooms.commit(bert, '/Public/a.txt');
    await rooms.commit(anna, '/Public/a.txt', { checkout: true });
    await expect(rooms.commit(bert, '/Public/a.txt')).rejects.toThrow('checked out');
  });

  test("is kept by its holder's next version with checkout", async () => {
    await rooms.commit(anna, '/Public/a.txt', { checkout: true });
    await rooms.commit(anna, '/Public/a.txt', { checkout: true });
    await expect(rooms.commit(bert, '/Public/a.txt')).rejects.toThrow('checked out');
  });

  test("ends with its holder's next version without checkout", async () => {
    await rooms.commit(anna, '/Public/a.txt', { checkout: true });
    await rooms.commit(anna, '/Public/a.txt');
    await expect(rooms.commit(bert, '/Public/a.txt')).resolves.toMatchObject({ version: 1_000_002 });
    expect(await documentRow(1)).toMatchObject({ locked_by: null, locked_at: null });
  });

  test('can be taken away', async () => {
    await rooms.commit(anna, '/Public/a.txt', { checkout: true });
    await rooms.documents.unlock(await rooms.documents.resolve(bert, '~D1'));
    await expect(rooms.commit(bert, '/Public/a.txt')).resolves.toBeDefined();
  });
});

describe('The properties', () => {
  test('of a first version are recorded', async () => {
    await rooms.commit(anna, '/Public/a.txt', {
      description: 'About\nships',
      keywords: 'ship, barge',
      comment: 'first',
      publish: false,
      textOnlyContent: 'text',
      createdAt: 1000,
      modifiedAt: 2000,
    });
    expect(await documentRow(1)).toMatchObject({
      description: 'About\nships',
      keywords: 'ship, barge',
      created_at: 1000,
    });
    expect(await versionRow(1, 1_000_000)).toMatchObject({
      author_id: anna.id,
      comment: 'first',
      created_at: 1000,
      modified_at: 2000,
      published_at: null,
    });
    expect(await textRows()).toEqual([{ document_id: 1, number: 1_000_000, text: 'text' }]);
  });

  test('have defaults', async () => {
    await rooms.commit(anna, '/Public/a.txt');
    const { time } = rooms.clock;
    expect(await documentRow(1)).toMatchObject({ description: '', keywords: '', locked_by: null, created_at: time });
    expect(await versionRow(1, 1_000_000)).toMatchObject({
      comment: '',
      created_at: time,
      modified_at: time,
      published_at: time,
    });
    expect(await textRows()).toEqual([]);
  });

  test('of the document stay as they were unless a version brings others', async () => {
    await rooms.commit(anna, '/Public/a.txt', { description: 'one', keywords: 'two' });
    await rooms.commit(anna, '/Public/a.txt', { keywords: 'three' });
    expect(await documentRow(1)).toMatchObject({ description: 'one', keywords: 'three' });
    await rooms.commit(anna, '/Public/a.txt', { description: '' });
    expect(await documentRow(1)).toMatchObject({ description: '', keywords: 'three' });
  });

  test.each([
    [{ comment: 'a\u0001b' }, 'The version comment contains control characters.'],
    [{ description: 'a\ud800b' }, 'The description contains control characters.'],
    [{ keywords: 'x'.repeat(8001) }, 'The list of keywords is longer than 8000 characters.'],
  ])('that cannot be written into an answer are refused: %#', async (properties, text) => {
    await expect(rooms.commit(anna, '/Public/a.txt', properties)).rejects.toThrow(new Failure(text));
  });
});
