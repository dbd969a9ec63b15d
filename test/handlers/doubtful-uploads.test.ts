import fs from 'node:fs';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { sql } from 'kysely';
import type { ReceivedChunk } from '../../src/handlers/chunk-reservation.js';
import { StagedBytes } from '../../src/handlers/staged-bytes.js';
import { UploadHandlers } from '../../src/handlers/upload-handlers.js';
import { SharedWriterClaims } from '../../src/handlers/writer-claims.js';
import { Database } from '../../src/storage/database.js';
import { FileContentStore } from '../../src/storage/file-content-store.js';
import { type FileOperations, systemFiles } from '../../src/storage/file-operations.js';
import { UnclaimedContents } from '../../src/storage/unclaimed-contents.js';
import { combineCrc32, crc32, EMPTY_CRC32 } from '../../src/values/crc32.js';
import type { Guid } from '../../src/values/guid.js';
import { eventually } from '../support/eventually.js';
import { ADDRESS, DAY_MS, openRooms, type Rooms } from '../support/rooms.js';

/* Uploads whose bytes could not be brought to the disk, and whose record cannot be deleted for it either: two workers, each with a connection of
 * its own to the database. That the first one's disk failed is told once, as the system does; to anybody else it seems well. */

const GONE = 'The upload handler does not exist or has expired.';
const BYTES = Buffer.from('a chunk');

/** With a chunk more an upload of this length has one of which the worker begins to bring the bytes to the disk, bytes. */
const NEARLY_WRITTEN_BACK = 512 * 1024 * 1024 - 4;

let rooms: Rooms;
let sessionId: number;
let first: Worker;
let second: Worker;
let isUnlinkRefused: boolean;
/** Ends the first sync there is. */
let endSync: { well(): void; badly(): void };
let closes: 'well' | 'badly';
let syncs: number;

interface Worker {
  readonly name: string;
  readonly database: Database;
  readonly uploads: UploadHandlers;
}

async function employ(name: string, { epoch = 1, files = systemFiles } = {}): Promise<Worker> {
  const { now } = rooms;
  const database = new Database(rooms.databaseFile);
  const contents = await FileContentStore.open(rooms.contentDirectory, { files });
  const uploads = new UploadHandlers({
    database,
    contents,
    unclaimed: new UnclaimedContents(database, contents),
    claims: new SharedWriterClaims({ database, links: rooms.claims, worker: name }),
    epoch,
    idleLimit: DAY_MS,
    defaultChunkSize: 1_048_576,
    limits: { handlers: 0, uploadSize: 0 },
    staged: new StagedBytes({ database, most: 0, now }),
    now,
  });
  return { name, database, uploads };
}

/** Does not sync what it wrote, once, as soon as is wanted, or does not close it; and refuses to unlink it for as long as is wanted. */
function failingFiles(): FileOperations {
  const refusal = Object.assign(new Error('EIO'), { code: 'EIO' });
  const firstSync = new Promise<void>((resolve, reject) => {
    endSync = { well: resolve, badly: () => reject(refusal) };
  });
  firstSync.catch(() => undefined);
  return {
    ...systemFiles,
    fdatasync: (file) => (syncs++ === 0 ? firstSync : systemFiles.fdatasync(file)),
    close: (file) => {
      systemFiles.close(file);
      if (closes === 'well') return;
      closes = 'well';
      throw refusal;
    },
    empty: (file) => (isUnlinkRefused ? Promise.reject(refusal) : systemFiles.empty(file)),
    unlink: (file) => (isUnlinkRefused ? Promise.reject(refusal) : systemFiles.unlink(file)),
  };
}

beforeEach(async () => {
  rooms = await openRooms();
  isUnlinkRefused = false;
  closes = 'well';
  syncs = 0;
  await rooms.users.add({ name: 'anna', password: 'secret' });
  ({ id: sessionId } = await rooms.sessions.logIn('anna', 'secret', ADDRESS));
  [first, second] = [await employ('first', { files: failingFiles() }), await employ('second')];
});

afterEach(async () => {
  for (const { database } of [first, second]) await database.close();
  await rooms.close();
});

/** To this worker alone: others may write to the database. */
const refuseDeletions = (): Promise<unknown> =>
  sql`create temp trigger refusal before delete on upload_handlers begin select raise(abort, 'The record stays.'); end`.execute(
    first.database.queries,
  );
const allowDeletions = (): Promise<unknown> => sql`drop trigger refusal`.execute(first.database.queries);

async function send({ uploads }: Worker, id: Guid, isLast: boolean): Promise<void> {
  const reservation = await uploads.reserve(sessionId, id);
  const chunk: ReceivedChunk = { length: BYTES.length, computed: crc32(BYTES), claimed: crc32(BYTES), isLast };
  try {
    await reservation.write(BYTES);
    await reservation.accept(chunk);
  } finally {
    await reservation.release();
  }
}

/** An upload with a chunk that was taken, and a last one that could not be brought to the disk. */
async function doubt(): Promise<Guid> {
  const { id } = await first.uploads.create(sessionId, 0);
  await send(first, id, false);
  await refuseDeletions();
  endSync.badly();
  await expect(send(first, id, true)).rejects.toThrow('SystemError: ');
  return id;
}

/** An upload with a chunk that was taken, of which the file could not be closed. */
async function doubtAtClose(): Promise<Guid> {
  const { id } = await first.uploads.create(sessionId, 0);
  await send(first, id, false);
  await refuseDeletions();
  closes = 'badly';
  await expect(send(first, id, false)).rejects.toThrow('SystemError: ');
  return id;
}

/** An upload of which the worker is bringing what has come to the disk. */
async function writeBack(): Promise<Guid> {
  const { id } = await first.uploads.create(sessionId, 0);
  await lengthen(id, NEARLY_WRITTEN_BACK);
  await send(first, id, false);
  return id;
}

/** Has an upload consist of so many zeros. */
async function lengthen(id: Guid, length: number): Promise<void> {
  fs.truncateSync(path.join(rooms.contentDirectory, id.slice(0, 2), id), length);
  await first.database.queries
    .updateTable('upload_handlers')
    .set({ length, crc32: crcOfZeros(length) })
    .where('id', '=', id)
    .execute();
}

/** An upload that could not be brought to the disk while more of it came. */
async function doubtAtWriteBack(): Promise<Guid> {
  const id = await writeBack();
  await refuseDeletions();
  endSync.badly();
  await expect(first.uploads.deleteDoubtful()).rejects.toMatchObject({ message: 'The record stays.' });
  return id;
}

function crcOfZeros(length: number) {
  const piece = Buffer.alloc(1024 * 1024);
  let crc = EMPTY_CRC32;
  for (let left = length; left > 0; left -= piece.length) {
    const zeros = piece.subarray(0, left);
    crc = combineCrc32(crc, crc32(zeros), zeros.length);
  }
  return crc;
}

/** How often the first worker tries to delete it from now on. */
function countAttempts(): { count: number } {
  const { database } = first;
  const attempts = { count: 0 };
  const transact = database.transact.bind(database);
  database.transact = (run) => {
    attempts.count++;
    return transact(run);
  };
  return attempts;
}

/** Handlers that a worker has claimed. */
const claimed = (): string[] => fs.readdirSync(rooms.claimDirectory);

const recorded = (): Promise<unknown[]> => rooms.database.queries.selectFrom('upload_handlers').select('id').execute();

test('Other workers wait while it cannot be deleted, and are told that it is gone when it could be', async () => {
  isUnlinkRefused = true;
  const id = await doubt();
  let hasEnded = false;
  const outcome = send(second, id, true)
    .then(
      () => 'taken',
      (error: unknown) => (error as Error).message,
    )
    .finally(() => (hasEnded = true));
  const attempts = countAttempts();
  await eventually(
    () => attempts.count,
    (count) => hasEnded || count >= 2,
  );
  expect(hasEnded).toBe(false);
  isUnlinkRefused = false;
  await allowDeletions();
  expect(await outcome).toBe(GONE);
  await eventually(
    () => rooms.contents.size(id),
    (size) => size === undefined,
  );
});

test('It is deleted as soon as it can be, though nobody asks for it again', async () => {
  isUnlinkRefused = true;
  const id = await doubt();
  isUnlinkRefused = false;
  await allowDeletions();
  expect(claimed()).toEqual([id]);
  await eventually(recorded, (rows) => rows.length === 0);
  await eventually(
    () => rooms.contents.size(id),
    (size) => size === undefined,
  );
  await eventually(claimed, (links) => links.length === 0);
});

test.each([
  ['by another worker', 'the last chunk could not be synced', doubt, 1],
  ['after a restart', 'the last chunk could not be synced', doubt, 2],
  ['by another worker', 'a file could not be closed', doubtAtClose, 1],
  ['after a restart', 'a file could not be closed', doubtAtClose, 2],
  ['by another worker', 'what had come could not be', doubtAtWriteBack, 1],
  ['after a restart', 'what had come could not be', doubtAtWriteBack, 2],
])('It is not completed %s when the process has ended that knew of it: %s', async (_by, _what, begin, epoch) => {
  const id = await begin();
  await first.database.close();
  rooms.claims.free(first.name);
  const next = await employ('next', { epoch });
  try {
    await expect(send(next, id, true)).rejects.toThrow(GONE);
    expect(await recorded()).toEqual([]);
  } finally {
    await next.database.close();
  }
});

test('Who stops is told of what is left, and deletes it when that is possible', async () => {
  await doubt();
  await expect(first.uploads.deleteDoubtful()).rejects.toMatchObject({ message: 'The record stays.' });
  await allowDeletions();
  await first.uploads.deleteDoubtful();
  expect(await recorded()).toEqual([]);
});

describe('While what has come is brought to the disk', () => {
  test('the same worker takes more of it, and others do when that has ended', async () => {
    const id = await writeBack();
    await send(first, id, false);
    let isTaken = false;
    const sent = send(second, id, true).then(() => (isTaken = true));
    for (let n = 0; n < 50; n++) await turn();
    expect(isTaken).toBe(false);
    endSync.well();
    await sent;
    expect(await second.uploads.staged(sessionId, id)).toMatchObject({ size: NEARLY_WRITTEN_BACK + 3 * BYTES.length });
  });

  test('the last chunk waits for that, and is refused when it fails', async () => {
    const id = await writeBack();
    const refused = expect(send(first, id, true)).rejects.toThrow(GONE);
    for (let n = 0; n < 50; n++) await turn();
    expect(syncs).toBe(1);
    endSync.badly();
    await refused;
    expect(await recorded()).toEqual([]);
  });

  test('a caller who is as much ahead again waits for that, and then what came since is brought to the disk', async () => {
    const id = await writeBack();
    await lengthen(id, 2 * NEARLY_WRITTEN_BACK + 4);
    let isTaken = false;
    const sent = send(first, id, false).then(() => (isTaken = true));
    for (let n = 0; n < 50; n++) await turn();
    expect({ isTaken, syncs }).toEqual({ isTaken: false, syncs: 1 });
    endSync.well();
    await sent;
    expect(syncs).toBe(2);
    await send(second, id, true);
    expect(await second.uploads.staged(sessionId, id)).toMatchObject({ id });
  });

  test('a stop waits for that', async () => {
    await writeBack();
    const stopped = first.uploads.deleteDoubtful();
    endSync.badly();
    await stopped;
    expect(await recorded()).toEqual([]);
  });
});

test('A stop waits for the last chunk of a caller who has left', async () => {
  const { id } = await first.uploads.create(sessionId, 0);
  const refused = expect(send(first, id, true)).rejects.toThrow('SystemError: ');
  await eventually(
    () => syncs,
    (begun) => begun === 1,
  );
  let hasStopped = false;
  const stopped = first.uploads.deleteDoubtful().then(() => (hasStopped = true));
  for (let n = 0; n < 50; n++) await turn();
  expect(hasStopped).toBe(false);
  endSync.badly();
  await stopped;
  await refused;
  expect(await recorded()).toEqual([]);
});
