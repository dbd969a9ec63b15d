import { sql } from 'kysely';
import type { ReceivedChunk } from '../../src/handlers/chunk-reservation.js';
import { StagedBytes } from '../../src/handlers/staged-bytes.js';
import { UploadHandlers } from '../../src/handlers/upload-handlers.js';
import { SharedWriterClaims } from '../../src/handlers/writer-claims.js';
import { Database } from '../../src/storage/database.js';
import { FileContentStore } from '../../src/storage/file-content-store.js';
import { type FileOperations, systemFiles } from '../../src/storage/file-operations.js';
import { UnclaimedContents } from '../../src/storage/unclaimed-contents.js';
import { crc32 } from '../../src/values/crc32.js';
import type { Guid } from '../../src/values/guid.js';
import { eventually } from '../support/eventually.js';
import { ADDRESS, DAY_MS, openRooms, type Rooms } from '../support/rooms.js';

/* Uploads whose bytes could not be brought to the disk, and whose record cannot be deleted for it either: two workers, each with a connection of
 * its own to the database. That the first one's disk failed is told once, as the system does; to anybody else it seems well. */

const GONE = 'The upload handler does not exist or has expired.';
const BYTES = Buffer.from('a chunk');

let rooms: Rooms;
let sessionId: number;
let first: Worker;
let second: Worker;
let isUnlinkRefused: boolean;

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
    claims: new SharedWriterClaims(database, name),
    epoch,
    idleLimit: DAY_MS,
    defaultChunkSize: 1_048_576,
    limits: { handlers: 0, uploadSize: 0 },
    staged: new StagedBytes({ database, most: 0, now }),
    now,
  });
  return { name, database, uploads };
}

/** Does not sync what it wrote, once, and refuses to unlink it for as long as is wanted. */
function failingFiles(): FileOperations {
  const refusal = Object.assign(new Error('EIO'), { code: 'EIO' });
  let hasFailed = false;
  return {
    ...systemFiles,
    fdatasync: (file) => {
      if (hasFailed) return systemFiles.fdatasync(file);
      hasFailed = true;
      return Promise.reject(refusal);
    },
    empty: (file) => (isUnlinkRefused ? Promise.reject(refusal) : systemFiles.empty(file)),
    unlink: (file) => (isUnlinkRefused ? Promise.reject(refusal) : systemFiles.unlink(file)),
  };
}

beforeEach(async () => {
  rooms = await openRooms();
  isUnlinkRefused = false;
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
  await expect(send(first, id, true)).rejects.toThrow('SystemError: ');
  return id;
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
  await eventually(recorded, (rows) => rows.length === 0);
  await eventually(
    () => rooms.contents.size(id),
    (size) => size === undefined,
  );
});

test.each([
  ['by another worker', 1],
  ['after a restart', 2],
])('It is not completed %s when the process has ended that knew of it', async (_by, epoch) => {
  const id = await doubt();
  await first.database.close();
  await SharedWriterClaims.clear(rooms.database, first.name);
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
