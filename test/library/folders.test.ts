import type { User } from '../../src/accounts/user.js';
import { MAX_DEPTH, MAX_PATH_LENGTH } from '../../src/library/way.js';
import { Failure } from '../../src/values/failure.js';
import { openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;
let anna: User;

beforeEach(async () => {
  rooms = await openRooms();
  anna = await rooms.users.add({ name: 'anna', password: 'secret' });
  await rooms.libraries.add('Public', 'write');
});

afterEach(() => rooms.close());

const countFolders = async (): Promise<number> =>
  (await rooms.database.queries.selectFrom('folders').select('id').execute()).length;

describe('Making a folder', () => {
  test('makes the folders in between', async () => {
    const folder = await rooms.folders.createPath(anna, '/Public/a/b/c');
    expect(folder).toMatchObject({ name: 'c', libraryId: 1 });
    expect(await rooms.folders.resolve(anna, '/Public/a/b/c')).toEqual(folder);
    expect(await countFolders()).toBe(4);
  });

  test('gives the one that is there, as it is written, whatever the case', async () => {
    const folder = await rooms.folders.createPath(anna, '/Public/Reports/');
    expect(await rooms.folders.createPath(anna, '\\PUBLIC\\\\rePORTS')).toEqual(folder);
    expect(await countFolders()).toBe(2);
  });

  test('goes on from a folder that is named by its number', async () => {
    const { id } = await rooms.folders.createPath(anna, '/Public/a');
    await rooms.folders.createPath(anna, `~F${id}/b`);
    expect(await rooms.folders.find(anna, '/Public/a/b')).toBeDefined();
  });

  test.each(['/Elsewhere', '/Elsewhere/a', '', '/', '~F99/a', '~D1'])('makes no library for %j', async (path) => {
    await expect(rooms.folders.createPath(anna, path)).rejects.toThrow(new Failure('Folder not found.'));
    expect(await countFolders()).toBe(1);
  });

  test.each(['/Public/a/../b', '/Public/a/.', '/Public/a/b:c', '/Public/a/ b', '/Public/a/b\u0000'])(
    'makes nothing at all when a name cannot be one: %j',
    async (path) => {
      await expect(rooms.folders.createPath(anna, path)).rejects.toThrow(Failure);
      expect(await countFolders()).toBe(1);
    },
  );

  test('does not make one with the name of a document beside it', async () => {
    await rooms.commit(anna, '/Public/Report');
    await expect(rooms.folders.createPath(anna, '/Public/REPORT/a')).rejects.toThrow(
      'There is a document "REPORT" already.',
    );
  });

  test('goes 100 deep and no deeper, wherever it starts', async () => {
    const deepest = `/Public${'/x'.repeat(MAX_DEPTH - 1)}`;
    const { id } = await rooms.folders.createPath(anna, deepest);
    await expect(rooms.folders.createPath(anna, `${deepest}/x`)).rejects.toThrow('nested 100 deep');
    await expect(rooms.folders.createPath(anna, `~F${id}/x`)).rejects.toThrow('nested 100 deep');
    expect(await countFolders()).toBe(MAX_DEPTH);
  });

  test('goes as far as a path may be long, wherever it starts; what lies further down from before is still found', async () => {
    const name = 'x'.repeat(255);
    const long = `/Public${`/${name}`.repeat(15)}`;
    const { id } = await rooms.folders.createPath(anna, long);
    const left = MAX_PATH_LENGTH - long.length - 1;
    const tooLong = new Failure('The path is longer than 4096 characters.');
    await expect(rooms.folders.createPath(anna, `~F${id}/${'y'.repeat(left + 1)}`)).rejects.toThrow(tooLong);
    await expect(rooms.folders.createPath(anna, `${long}/y/${'y'.repeat(left - 1)}`)).rejects.toThrow(tooLong);
    await rooms.folders.createPath(anna, `~F${id}/${'y'.repeat(left)}`);
    await rooms.database.queries
      .insertInto('folders')
      .values({ library_id: 1, parent_id: id, name, name_key: name.toUpperCase(), created_at: 0 })
      .execute();
    expect(await rooms.folders.createPath(anna, `${long}/${name}`)).toMatchObject({ name });
    await expect(rooms.folders.createPath(anna, `${long}/${name}/a`)).rejects.toThrow(tooLong);
  });

  test('twenty times at once makes it once', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => rooms.folders.createPath(anna, '/Public/a/b')));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  });
});

describe('Going through a folder', () => {
  const walk = async (path: string): Promise<string[]> => {
    const entries: string[] = [];
    for await (const entry of rooms.folders.walk(await rooms.folders.resolve(anna, path))) {
      entries.push(entry.kind === 'folder' ? `${entry.path}/` : `${entry.path} ${entry.version.number}`);
    }
    return entries;
  };

  test('gives all that is below it, documents with their latest version', async () => {
    await rooms.folders.createPath(anna, '/Public/a/b');
    await rooms.folders.createPath(anna, '/Public/a/empty');
    await rooms.folders.createPath(anna, '/Public/beside');
    await rooms.commit(anna, '/Public/a/1.txt');
    await rooms.commit(anna, '/Public/a/1.txt');
    await rooms.commit(anna, '/Public/a/b/2.txt');
    await rooms.commit(anna, '/Public/beside/3.txt');
    expect((await walk('/Public/a')).sort()).toEqual(['1.txt 1000001', 'b/', 'b/2.txt 1000000', 'empty/']);
    expect((await walk('/Public')).sort()).toEqual([
      'a/',
      'a/1.txt 1000001',
      'a/b/',
      'a/b/2.txt 1000000',
      'a/empty/',
      'beside/',
      'beside/3.txt 1000000',
    ]);
  });

  test('misses nothing in a folder of many', async () => {
    const rows = Array.from({ length: 1234 }, (_, n) => ({
      library_id: 1,
      parent_id: 1,
      name: `f${n}`,
      name_key: `F${n}`,
      created_at: 0,
    }));
    await rooms.database.queries.insertInto('folders').values(rows).execute();
    expect(new Set(await walk('/Public')).size).toBe(1234);
  });
});
