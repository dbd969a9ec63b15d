import type { User } from '../../src/accounts/user.js';
import { Failure } from '../../src/values/failure.js';
import { openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;
let admin: User;
let anna: User;

beforeEach(async () => {
  rooms = await openRooms();
  admin = await rooms.users.add({ name: 'admin', password: 'secret', isAdministrator: true });
  anna = await rooms.users.add({ name: 'anna', password: 'secret' });
  await rooms.libraries.add('Finance', 'none');
  await rooms.folders.createPath(admin, '/Finance/Reports');
  await rooms.commit(admin, '/Finance/Reports/Q1.pdf');
});

afterEach(() => rooms.close());

/** What somebody without a right tries, and the answer, which is that for things that do not exist. */
const hidden: [string, () => Promise<unknown>, string][] = [
  ['resolving a document', () => rooms.documents.resolve(anna, '/Finance/Reports/Q1.pdf'), 'Document not found.'],
  ['resolving a document by number', () => rooms.documents.resolve(anna, '~D1'), 'Document not found.'],
  ['resolving a folder', () => rooms.folders.resolve(anna, '/Finance/Reports'), 'Folder not found.'],
  ['resolving a folder by number', () => rooms.folders.resolve(anna, '~F2'), 'Folder not found.'],
  ['resolving the library', () => rooms.folders.resolve(anna, '/Finance'), 'Folder not found.'],
  ['making a folder', () => rooms.folders.createPath(anna, '/Finance/New'), 'Folder not found.'],
  ['making a folder by number', () => rooms.folders.createPath(anna, '~F2/New'), 'Folder not found.'],
  ['adding a version', () => rooms.commit(anna, '/Finance/Reports/Q1.pdf'), 'Folder not found.'],
  ['adding a version by number', () => rooms.commit(anna, '~D1'), 'Document not found.'],
  ['adding a document', () => rooms.commit(anna, '/Finance/Reports/New.pdf'), 'Folder not found.'],
  [
    'adding a new document',
    () => rooms.commit(anna, { folderPath: '/Finance/Reports', documentName: 'New.pdf' }),
    'Folder not found.',
  ],
];

/** What needs the right to write. */
const changes: [string, () => Promise<unknown>][] = [
  ['making a folder', () => rooms.folders.createPath(anna, '/Finance/New')],
  ['making a folder that is there', () => rooms.folders.createPath(anna, '/Finance/Reports')],
  ['adding a version', () => rooms.commit(anna, '/Finance/Reports/Q1.pdf')],
  ['adding a version by number', () => rooms.commit(anna, '~D1')],
  ['adding a document', () => rooms.commit(anna, '/Finance/Reports/New.pdf')],
  ['adding a new document', () => rooms.commit(anna, { folderPath: '~F2', documentName: 'New.pdf' })],
  [
    'adding a new document of a name that is taken',
    () => rooms.commit(anna, { folderPath: '~F2', documentName: 'Q1.pdf' }),
  ],
];

describe('Without the right to read, all is as if it were not there:', () => {
  test.each(hidden)('%s', async (_, attempt, text) => {
    await expect(attempt()).rejects.toThrow(new Failure(text));
  });

  test.each(hidden)('%s, and the same when it is really not there', async (_, attempt, text) => {
    await rooms.database.queries
      .updateTable('folders')
      .set({ name: 'Other', name_key: 'OTHER' })
      .where('id', '=', 1)
      .execute();
    await rooms.database.queries.updateTable('versions').set({ document_id: 1 }).execute();
    await expect(attempt()).rejects.toThrow(new Failure(text));
  });
});

describe('With the right to read only,', () => {
  beforeEach(() => rooms.libraries.grant('finance', 'ANNA', 'read'));

  test('documents and folders are found', async () => {
    expect(await rooms.documents.resolve(anna, '/Finance/Reports/Q1.pdf')).toMatchObject({ id: 1, access: 'read' });
    expect(await rooms.documents.resolve(anna, '~D1.pdf')).toMatchObject({ id: 1, access: 'read' });
    expect(await rooms.folders.resolve(anna, '/Finance')).toMatchObject({ id: 1, access: 'read' });
    expect(await rooms.folders.resolve(anna, '~F2')).toMatchObject({ name: 'Reports', access: 'read' });
  });

  test.each(changes)('%s is denied', async (_, attempt) => {
    await expect(attempt()).rejects.toThrow(new Failure('Access denied.'));
  });
});

describe('With the right to write', () => {
  test.each(changes.slice(0, -1))('%s works', async (_, attempt) => {
    await rooms.libraries.grant('Finance', 'anna', 'write');
    await expect(attempt()).resolves.toBeDefined();
  });
});

describe('In an offline library', () => {
  beforeEach(async () => {
    await rooms.libraries.grant('Finance', 'anna', 'write');
    await rooms.libraries.takeOffline('Finance');
  });

  test('documents and folders are found, and say so', async () => {
    expect(await rooms.documents.resolve(anna, '/Finance/Reports/Q1.pdf')).toMatchObject({ isOffline: true });
    expect(await rooms.folders.resolve(anna, '~F2')).toMatchObject({ isOffline: true });
  });

  test.each(changes)('%s fails', async (_, attempt) => {
    await expect(attempt()).rejects.toThrow(new Failure('The document is in an offline library.'));
  });

  test('an administrator cannot write either', async () => {
    await expect(rooms.commit(admin, '/Finance/Reports/Q1.pdf')).rejects.toThrow('offline');
  });

  test('all works again once it is online', async () => {
    await rooms.libraries.bringOnline('Finance');
    await expect(rooms.commit(anna, '/Finance/Reports/Q1.pdf')).resolves.toBeDefined();
  });
});

describe('What a user may do', () => {
  const accessOf = async (user: User): Promise<string> =>
    (await rooms.folders.find(user, '/Finance'))?.access ?? 'none';

  test.each(['none', 'read', 'write'] as const)(
    'is what everyone may, %s, without a right of their own',
    async (access) => {
      await rooms.libraries.grantEveryone('Finance', access);
      expect(await accessOf(anna)).toBe(access);
    },
  );

  test.each([
    ['none', 'read'],
    ['read', 'write'],
    ['write', 'read'],
  ] as const)('when everyone may %s is their own right, %s', async (everyone, own) => {
    await rooms.libraries.grantEveryone('Finance', everyone);
    await rooms.libraries.grant('Finance', 'anna', own);
    expect(await accessOf(anna)).toBe(own);
  });

  test('is the right granted last', async () => {
    await rooms.libraries.grant('Finance', 'anna', 'write');
    await rooms.libraries.grant('Finance', 'anna', 'read');
    expect(await accessOf(anna)).toBe('read');
  });

  test('is what everyone may once their right is revoked', async () => {
    await rooms.libraries.grant('Finance', 'anna', 'write');
    await rooms.libraries.revoke('Finance', 'anna');
    expect(await accessOf(anna)).toBe('none');
  });

  test('is everything for an administrator', async () => {
    expect(await accessOf(admin)).toBe('write');
  });

  test('in one library is nothing to another', async () => {
    await rooms.libraries.add('Other', 'none');
    await rooms.libraries.grant('Other', 'anna', 'write');
    expect(await accessOf(anna)).toBe('none');
  });
});
