import type { Payload, Placement } from '../../src/contract/payload.js';
import { StagedBytes } from '../../src/handlers/staged-bytes.js';
import { uploadOperations } from '../../src/operations/uploads.js';
import { crc32 } from '../../src/values/crc32.js';
import { ADDRESS, DAY_MS, openRooms, type Rooms } from '../support/rooms.js';

/* A document in one call: what is looked at before its content is taken in, and after. */

const MOST = 1000;

let rooms: Rooms;
let operations: ReturnType<typeof uploadOperations>;
let authenticationTicket: string;

beforeEach(async () => {
  rooms = await openRooms();
  const staged = new StagedBytes({ ...rooms, most: MOST });
  operations = uploadOperations({ ...rooms, staged, maxDocumentSize: 10_000 });
  await rooms.users.add({ name: 'anna', password: 'a user' });
  ({ ticket: authenticationTicket } = await rooms.sessions.logIn('anna', 'a user', ADDRESS));
  await rooms.libraries.add('Public', 'write');
  await rooms.libraries.add('Secret', 'none');
  await rooms.libraries.add('ReadOnly', 'read');
});

afterEach(() => rooms.close());

async function place(path?: string): Promise<Placement> {
  const before = path === undefined ? { authenticationTicket } : { authenticationTicket, path };
  const placement = await operations.UploadDocument.content?.place(before, { address: ADDRESS });
  if (!placement) throw new Error('It was given no place.');
  return placement;
}

async function storedContents(): Promise<number> {
  const names: unknown[] = [];
  for await (const name of rooms.contents.list()) names.push(name);
  return names.length;
}

const versions = async (): Promise<number> =>
  (await rooms.database.queries.selectFrom('versions').select('number').execute()).length;

test.each([
  ['/Secret/a.txt', 'Folder not found.'],
  ['/Public/none/a.txt', 'Folder not found.'],
  ['/ReadOnly/a.txt', 'Access denied.'],
  ['/Public/a:b.txt', 'The name contains one of the characters \\ / : * ? " < > |.'],
  ['~D99', 'Document not found.'],
])('Content for %s is refused before it comes, and the audit has it', async (path, error) => {
  await expect(place(path)).rejects.toThrow(error);
  expect(await storedContents()).toBe(0);
  const { action, outcome, subject } = await rooms.database.queries
    .selectFrom('audit')
    .selectAll()
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  expect({ action, outcome, subject }).toEqual({ action: 'commit', outcome: error, subject: path });
});

test('Content whose path has not come yet is taken', async () => {
  const placement = await place();
  expect(await storedContents()).toBe(1);
  await placement.release();
});

test('What is being uploaded counts as staged until it has ended', async () => {
  const error = `Your uploads and zips take more than ${MOST} bytes`;
  const [first, second] = [await place('/Public/a.txt'), await place('/Public/b.txt')];
  await first.write(Buffer.alloc(900));
  await second.write(Buffer.alloc(100));
  await expect(second.write(Buffer.alloc(1))).rejects.toThrow(error);
  await second.release();
  await first.write(Buffer.alloc(100));
  const third = await place('/Public/c.txt');
  await expect(third.write(Buffer.alloc(1))).rejects.toThrow(error);
  await first.release();
  await third.release();
  const again = await place('/Public/c.txt');
  await again.write(Buffer.alloc(MOST));
  await again.release();
});

test('A session that ends while its document is brought to the disk makes no version', async () => {
  const fileContent: Payload = {
    length: 0,
    crc32: crc32(Buffer.alloc(0)),
    placement: undefined,
    copyTo: async () => {
      await rooms.sessions.logOut(authenticationTicket, ADDRESS);
    },
  };
  const upload = operations.UploadDocument.run(
    { authenticationTicket, path: '/Public/a.txt', fileContent },
    { address: ADDRESS },
  );
  await expect(upload).rejects.toThrow('[901] Session expired or Invalid ticket');
  expect([await versions(), await storedContents()]).toEqual([0, 0]);
});

test('A session whose ticket comes behind the content of another is used by that', async () => {
  const call = { address: ADDRESS };
  const usedAt = async (): Promise<number[]> => {
    const rows = await rooms.database.queries.selectFrom('sessions').select('used_at').orderBy('id').execute();
    return rows.map((row) => row.used_at);
  };
  const { ticket: later } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  rooms.clock.time += DAY_MS;
  const before = { authenticationTicket, path: '/Public/a.txt' };
  const placement = await operations.UploadDocument.content?.place(before, call);
  const fileContent = { length: 0, crc32: crc32(Buffer.alloc(0)), placement, copyTo: () => Promise.resolve() };
  await operations.UploadDocument.run({ ...before, authenticationTicket: later, fileContent }, call);
  await placement?.release();
  expect(await usedAt()).toEqual([rooms.clock.time, rooms.clock.time]);
});
