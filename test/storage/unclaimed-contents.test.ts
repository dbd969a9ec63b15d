import { UnclaimedContents } from '../../src/storage/unclaimed-contents.js';
import { type Guid, newGuid } from '../../src/values/guid.js';
import { openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;

beforeEach(async () => {
  rooms = await openRooms();
});

afterEach(() => rooms.close());

/** A content that a process was making, or removing, when it ended. */
async function leave(worker: string | undefined, verb: 'making' | 'removing'): Promise<Guid> {
  const { contents, database } = rooms;
  const unclaimed = new UnclaimedContents(database, contents, worker);
  const id = newGuid();
  if (verb === 'making') await unclaimed.announce(id);
  else await database.transact((trx) => unclaimed.release(trx, [id]));
  await contents.create(id);
  return id;
}

test('What a worker was making or removing is removed for it, and nothing of anybody else', async () => {
  const gone = [await leave('one', 'making'), await leave('one', 'removing')];
  const kept: Guid[] = [];
  for (const worker of ['other', undefined]) {
    kept.push(await leave(worker, 'making'), await leave(worker, 'removing'));
  }
  await rooms.unclaimed.removeAll('one');
  const rows = await rooms.database.queries.selectFrom('unclaimed_contents').select('content_id').execute();
  expect(new Set(rows.map((row) => row.content_id))).toEqual(new Set(kept));
  for (const id of gone) expect(await rooms.contents.size(id)).toBeUndefined();
  for (const id of kept) expect(await rooms.contents.size(id)).toBe(0);
});
