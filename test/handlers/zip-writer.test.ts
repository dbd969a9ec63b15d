import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { StagedBytes } from '../../src/handlers/staged-bytes.js';
import type { OpenedContent } from '../../src/handlers/download-handlers.js';
import { type ZipEntry, ZipWriter } from '../../src/handlers/zip-writer.js';
import { Failure } from '../../src/values/failure.js';
import { openRooms, type Rooms } from '../support/rooms.js';
import { turnsDuring } from '../support/turns-during.js';

let rooms: Rooms;

beforeEach(async () => {
  rooms = await openRooms();
});

afterEach(() => rooms.close());

const MIB = 1024 * 1024;

/** At this very moment: while somebody waited for an answer more would be written. */
function storedBytes(): number {
  const entries = fs.readdirSync(rooms.contentDirectory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.reduce((sum, { name, parentPath }) => sum + fs.statSync(path.join(parentPath, name)).size, 0);
}

async function storedContents(): Promise<number> {
  const names: unknown[] = [];
  for await (const name of rooms.contents.list()) names.push(name);
  return names.length;
}

function write(entries: AsyncIterable<ZipEntry>, gone?: AbortSignal): Promise<OpenedContent> {
  const counted = new StagedBytes({ database: rooms.database, most: 0, now: Date.now }).begin(1);
  return new ZipWriter(rooms.contents, rooms.unclaimed).write(entries, { counted, gone });
}

test('A zip whose reader leaves ends with what it was doing, and leaves nothing', async () => {
  const { id, size } = await rooms.stage(Buffer.alloc(100_000, 'a'));
  const gone = new AbortController();
  let taken = 0;
  async function* entries(): AsyncGenerator<ZipEntry> {
    for (; taken < 1000; taken++) {
      if (taken === 3) gone.abort(new Failure('The reader left.'));
      await new Promise((resolve) => setImmediate(resolve));
      yield { kind: 'document', path: `${taken}.txt`, content: { contentId: id, size }, modifiedAt: 0 };
    }
  }
  await expect(write(entries(), gone.signal)).rejects.toThrow('The reader left.');
  expect(taken).toBeLessThan(10);
  expect(await storedContents()).toBe(1);
  await expect(write(entries(), gone.signal)).rejects.toThrow('The reader left.');
  expect(await storedContents()).toBe(1);
});

test('What comes next is asked for when what came before is written: nothing piles up', async () => {
  const { id, size } = await rooms.stage(randomBytes(MIB));
  const written: number[] = [];
  // eslint-disable-next-line @typescript-eslint/require-await -- as what is found in memory already
  async function* entries(): AsyncGenerator<ZipEntry> {
    for (let n = 0; n < 3; n++) {
      yield { kind: 'document', path: `${n}.bin`, content: { contentId: id, size }, modifiedAt: 0 };
      written.push(storedBytes() - size);
    }
  }
  await write(entries());
  expect(written.map((bytes) => Math.round(bytes / MIB))).toEqual([1, 2, 3]);
});

test('Very many folders behind a document are written, with turns for others', async () => {
  const { id, size } = await rooms.stage(randomBytes(MIB));
  // eslint-disable-next-line @typescript-eslint/require-await -- as what is found in memory already
  async function* entries(): AsyncGenerator<ZipEntry> {
    yield { kind: 'document', path: 'long.bin', content: { contentId: id, size }, modifiedAt: 0 };
    for (let n = 0; n < 8000; n++) yield { kind: 'folder', path: `${'f'.repeat(200)} ${n}` };
  }
  expect(await turnsDuring(() => write(entries()))).toBeGreaterThan(100);
});
