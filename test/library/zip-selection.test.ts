import { sql } from 'kysely';
import type { User } from '../../src/accounts/user.js';
import { ZipSelection } from '../../src/library/zip-selection.js';
import { Failure } from '../../src/values/failure.js';
import { nameKey } from '../../src/values/name-key.js';
import { openRooms, type Rooms } from '../support/rooms.js';
import { turnsDuring } from '../support/turns-during.js';

let rooms: Rooms;
let anna: User;
let selection: ZipSelection;

beforeEach(async () => {
  rooms = await openRooms();
  anna = await rooms.users.add({ name: 'anna', password: 'a user' });
  await rooms.libraries.add('Public', 'write');
  selection = new ZipSelection(rooms.documents, rooms.folders);
});

afterEach(() => rooms.close());

async function namesOf(paths: readonly string[]): Promise<string[]> {
  return (await selection.select(anna, paths)).found.map(({ name }) => name);
}

test('What several paths name is taken once', async () => {
  await rooms.folders.createPath(anna, '/Public/once');
  const { documentId } = await rooms.commit(anna, '/Public/once/a.txt');
  const paths = ['/Public/once/a.txt', `~D${documentId}`, '\\public\\ONCE\\A.txt', `~D${documentId}.txt`];
  expect(await namesOf([...paths, '/Public/once', '/public/once/', ...paths])).toEqual(['a.txt', 'once']);
});

test('Things of one name get different ones, which nothing else has', async () => {
  const paths: string[] = [];
  for (const folder of ['one', 'two', 'three', 'four']) {
    await rooms.folders.createPath(anna, `/Public/${folder}`);
    await rooms.commit(anna, `/Public/${folder}/a.txt`);
    paths.push(`/Public/${folder}/a.txt`);
  }
  await rooms.commit(anna, '/Public/one/a (3).txt');
  expect(await namesOf(['/Public/one/a (3).txt', ...paths])).toEqual([
    'a (3).txt',
    'a.txt',
    'a (2).txt',
    'a (4).txt',
    'a (5).txt',
  ]);
});

test('There are not more paths to look up than there may be', async () => {
  const paths = Array.from({ length: 10_001 }, () => '/Public');
  await expect(selection.select(anna, paths)).rejects.toThrow(
    new Failure('10001 paths were given, and 10000 is the most for one zip. Give their folder, or fewer.'),
  );
  expect(await namesOf([...paths.slice(1), '', ' '])).toEqual(['Public']);
});

test('Others have their turn while many paths are looked up', async () => {
  const paths = Array.from({ length: 1000 }, (_, n) => `/Public/${n}`);
  expect(await turnsDuring(() => selection.select(anna, paths))).toBeGreaterThan(10);
});

test('Others have their turn while a folder is gone through, and it ends when the caller has left', async () => {
  for (let n = 0; n < 120; n++) await rooms.folders.createPath(anna, `/Public/many/${n}`);
  const { found } = await selection.select(anna, ['/Public/many']);
  const drain = async (gone?: AbortSignal): Promise<number> => {
    let count = 0;
    for await (const entry of selection.entries(found, gone)) count += entry.kind === 'folder' ? 1 : 0;
    return count;
  };
  expect(await turnsDuring(async () => expect(await drain()).toBe(121))).toBeGreaterThanOrEqual(2);
  await expect(drain(AbortSignal.abort(new Failure('The caller left.')))).rejects.toThrow('The caller left.');
});

/** Puts folders of these names into each other, the first into the library, as they may be in there from a time when paths had no bound. */
async function nest(names: readonly string[]): Promise<number> {
  let parent = 1;
  for (const name of names) {
    const folder = { library_id: 1, parent_id: parent, name, name_key: nameKey(name), created_at: 0 };
    const query = rooms.database.queries.insertInto('folders').values(folder).returning('id');
    parent = (await query.executeTakeFirstOrThrow()).id;
  }
  return parent;
}

const pathsOf = async (path: string): Promise<string[]> => {
  const paths: string[] = [];
  const { found } = await selection.select(anna, [path]);
  for await (const entry of selection.entries(found)) paths.push(entry.path);
  return paths;
};

test('What lies too deep for a zip is named', async () => {
  const wide = '\u5b57'.repeat(255);
  const last = wide.slice(0, 140);
  const id = await nest([...Array<string>(85).fill(wide), last]);
  await expect(pathsOf('/Public')).rejects.toThrow(
    new Failure(`The path to "${last}" is too long for a zip. Give a folder that is nearer to it.`),
  );
  expect(await pathsOf(`/Public/${wide}`)).toHaveLength(86);
  expect(await pathsOf(`~F${id}`)).toEqual([last]);
});

test('The paths in a zip are not longer together than whoever writes it can keep', async () => {
  const folder = await nest(Array<string>(80).fill('\u5b57'.repeat(255)));
  await rooms.database.queries
    .insertInto('folders')
    .columns(['library_id', 'parent_id', 'name', 'name_key', 'created_at'])
    .expression(
      sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 300)
          select 1, ${folder}, 'folder ' || i, 'FOLDER ' || i, 0 from n`,
    )
    .execute();
  await expect(pathsOf('/Public')).rejects.toThrow(
    'The paths of these documents and folders have more than 16777216 bytes together, the most for one zip. Give fewer.',
  );
  expect(await pathsOf(`~F${folder}`)).toHaveLength(301);
});
