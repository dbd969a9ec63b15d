import { StagedBytes } from '../../src/handlers/staged-bytes.js';
import { type ZipEntry, ZipWriter } from '../../src/handlers/zip-writer.js';
import { Failure } from '../../src/values/failure.js';
import { openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;

beforeEach(async () => {
  rooms = await openRooms();
});

afterEach(() => rooms.close());

async function storedContents(): Promise<number> {
  const names: unknown[] = [];
  for await (const name of rooms.contents.list()) names.push(name);
  return names.length;
}

test('A zip whose reader leaves ends with what it was doing, and leaves nothing', async () => {
  const { id, size } = await rooms.stage(Buffer.alloc(100_000, 'a'));
  const counted = new StagedBytes({ database: rooms.database, most: 0, now: Date.now }).begin(1);
  const gone = new AbortController();
  let taken = 0;
  async function* entries(): AsyncGenerator<ZipEntry> {
    for (; taken < 1000; taken++) {
      if (taken === 3) gone.abort(new Failure('The reader left.'));
      await new Promise((resolve) => setImmediate(resolve));
      yield { kind: 'document', path: `${taken}.txt`, content: { contentId: id, size }, modifiedAt: 0 };
    }
  }
  const writer = new ZipWriter(rooms.contents, rooms.unclaimed);
  await expect(writer.write(entries(), { counted, gone: gone.signal })).rejects.toThrow('The reader left.');
  expect(taken).toBeLessThan(10);
  expect(await storedContents()).toBe(1);
  await expect(writer.write(entries(), { counted, gone: gone.signal })).rejects.toThrow('The reader left.');
  expect(await storedContents()).toBe(1);
});
