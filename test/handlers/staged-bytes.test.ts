import { StagedBytes } from '../../src/handlers/staged-bytes.js';
import { Failure } from '../../src/values/failure.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';

/* How often the records are looked at. That the limit holds for each kind of content is tested with the service. */

const MIB = 1024 * 1024;
const MOST = 2048 * MIB;
const REFUSED = new Failure(
  `Your uploads take ${MOST} bytes or more, which is the most a user may stage. Commit or delete uploads first.`,
);

let rooms: Rooms;
let staged: StagedBytes;
let userId: number;

beforeEach(async () => {
  rooms = await openRooms();
  userId = (await rooms.users.add({ name: 'anna', password: 'secret' })).id;
  staged = new StagedBytes({ database: rooms.database, most: MOST, now: rooms.now });
  const session = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
  await rooms.uploads.create(session.id, 0);
});

afterEach(() => rooms.close());

const TOO_MUCH = new Failure(
  `Your uploads and zips take more than ${MOST} bytes, which is the most a user may stage. Commit uploads or delete handlers first.`,
);

/** What another worker might do. */
async function record(length: number): Promise<void> {
  await rooms.database.queries.updateTable('upload_handlers').set({ length }).execute();
}

test('One look is good for chunks up to a sixteenth of the room there was', async () => {
  await staged.requireRoom(userId);
  await record(MOST);
  for (let chunk = 0; chunk < 4; chunk++) await staged.requireRoom(userId);
  await expect(staged.requireRoom(userId)).rejects.toThrow(REFUSED);
});

test('A look is good for a second', async () => {
  await staged.requireRoom(userId);
  await record(MOST);
  rooms.clock.time += 999;
  await staged.requireRoom(userId);
  rooms.clock.time += 1;
  await expect(staged.requireRoom(userId)).rejects.toThrow(REFUSED);
});

test('A clock that is set back does not make it good for longer', async () => {
  await staged.requireRoom(userId);
  await record(MOST);
  rooms.clock.time -= 3_600_000;
  await expect(staged.requireRoom(userId)).rejects.toThrow(REFUSED);
});

test('Where room is short, every chunk has a look of its own', async () => {
  await record(MOST - 16 * 32 * MIB + 1);
  await staged.requireRoom(userId);
  await record(MOST - 1);
  await staged.requireRoom(userId);
  await record(MOST);
  await expect(staged.requireRoom(userId)).rejects.toThrow(REFUSED);
});

test('A refusal is no look: when there is room again, the next chunk is taken', async () => {
  await record(MOST);
  await expect(staged.requireRoom(userId)).rejects.toThrow(REFUSED);
  await record(0);
  await staged.requireRoom(userId);
});

test('What comes into the records while a content is written counts for it', async () => {
  const content = staged.begin(userId);
  await content.add(MIB);
  await record(MOST - 2 * MIB);
  rooms.clock.time += 1000;
  await content.add(MIB);
  await expect(content.add(1)).rejects.toThrow(TOO_MUCH);
  content.end();
  await staged.begin(userId).add(2 * MIB);
});

test('What has come of chunks under way counts, for chunks and for other contents, until it is ended', async () => {
  const chunk = staged.beginChunk(userId);
  await record(MOST - 2 * MIB);
  await staged.requireRoom(userId);
  await chunk.add(2 * MIB);
  await expect(staged.requireRoom(userId)).rejects.toThrow(REFUSED);
  await expect(staged.begin(userId).add(1)).rejects.toThrow(TOO_MUCH);
  chunk.end();
  await staged.requireRoom(userId);
});

test('What is under way of chunks is at most what a user may stage, and a chunk, whatever the records say', () => {
  const chunks = Array.from({ length: 65 }, () => staged.beginChunk(userId));
  for (const chunk of chunks) void chunk.add(32 * MIB);
  const one = staged.beginChunk(userId);
  expect(() => one.add(1)).toThrow(REFUSED);
  one.end();
  chunks[0]?.end();
  void staged.beginChunk(userId).add(32 * MIB);
});

test('A look is good for what all contents of the user take together, up to a sixteenth of the room there was', async () => {
  const [first, second] = [staged.begin(userId), staged.begin(userId)];
  await first.add(0.5 * MIB);
  await record(MOST);
  await first.add(60 * MIB);
  await second.add(60 * MIB);
  await expect(second.add(60 * MIB)).rejects.toThrow(TOO_MUCH);
});
