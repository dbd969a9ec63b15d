import { uploadOperations } from '../../src/operations/uploads.js';
import type { Call } from '../../src/operations/operation.js';
import { crc32, upperHex } from '../../src/values/crc32.js';
import { StagedBytes } from '../../src/handlers/staged-bytes.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';

/* A chunk whose call names another handler when it has come than it did before: no binding does so, but one might. */

let rooms: Rooms;
let operations: ReturnType<typeof uploadOperations>;
let authenticationTicket: string;
let sessionId: number;

const BYTES = Buffer.from('a chunk');

beforeEach(async () => {
  rooms = await openRooms();
  const staged = new StagedBytes({ ...rooms, most: 0 });
  operations = uploadOperations({ ...rooms, staged, maxDocumentSize: 10_000 });
  await rooms.users.add({ name: 'anna', password: 'a user' });
  ({ id: sessionId, ticket: authenticationTicket } = await rooms.sessions.logIn('anna', 'a user', ADDRESS));
});

afterEach(() => rooms.close());

const lengths = async (): Promise<number[]> =>
  (await rooms.database.queries.selectFrom('upload_handlers').select('length').execute()).map(({ length }) => length);

test('A chunk that was written to another handler than its call names at last counts for neither, and holds up none', async () => {
  const { id: first } = await rooms.uploads.create(sessionId, 0);
  const { id: other } = await rooms.uploads.create(sessionId, 0);
  const call: Call = { address: ADDRESS };
  const placement = await operations.UploadFileChunk.content?.place(
    { authenticationTicket, uploadHandler: first },
    call,
  );
  await placement?.write(BYTES);
  const fileChunk = { length: BYTES.length, crc32: crc32(BYTES), placement, copyTo: () => Promise.resolve() };
  const args = { authenticationTicket, fileChunk, chunkHEXCRC: upperHex(crc32(BYTES)), lastChunk: true };
  await expect(operations.UploadFileChunk.run({ ...args, uploadHandler: other }, call)).rejects.toThrow(
    'Send authenticationTicket and uploadHandler before fileChunk.',
  );
  expect(await lengths()).toEqual([0, 0]);
  for (const id of [first, other]) await (await rooms.uploads.reserve(sessionId, id)).release();
});
