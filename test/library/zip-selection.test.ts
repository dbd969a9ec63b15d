import type { User } from '../../src/accounts/user.js';
import { ZipSelection } from '../../src/library/zip-selection.js';
import { Failure } from '../../src/values/failure.js';
import { openRooms, type Rooms } from '../support/rooms.js';

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

/** Does something, and counts how often others had their turn meanwhile. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let next = setImmediate(() => undefined);
  const turn = (): void => {
    turns++;
    next = setImmediate(turn);
  };
  turn();
  try {
    await work();
  } finally {
    clearImmediate(next);
  }
  return turns;
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
  expect(await turnsDuring(async () => expect(await drain()).toBe(121))).toBeGreaterThan(2);
  await expect(drain(AbortSignal.abort(new Failure('The caller left.')))).rejects.toThrow('The caller left.');
});
