import fs from 'node:fs/promises';
import path from 'node:path';
import type { ChunkReservation } from '../../src/handlers/chunk-reservation.js';
import { crc32 } from '../../src/values/crc32.js';
import type { Guid } from '../../src/values/guid.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';

/* What becomes of handlers while others are at work on them. What callers are answered is tested with the service. */

const GONE = 'The upload handler does not exist or has expired.';
const KIB = 1024;
const PIECE = Buffer.alloc(64 * KIB);
/** Not that of the piece. */
const NO_CRC = 1;

let rooms: Rooms;
let sessionId: number;
let ticket: string;

beforeEach(async () => {
  rooms = await openRooms({ mostStaged: 256 * KIB });
  await rooms.users.add({ name: 'anna', password: 'secret' });
  ({ id: sessionId, ticket } = await rooms.sessions.logIn('anna', 'secret', ADDRESS));
});

afterEach(() => rooms.close());

/** Begins a chunk at a handler of its own. */
async function begin(): Promise<{ id: Guid; reservation: ChunkReservation }> {
  const { id } = await rooms.uploads.create(sessionId, 0);
  return { id, reservation: await rooms.uploads.reserve(sessionId, id) };
}

test('Chunks whose handlers are deleted count for their user until they end', async () => {
  const begun: ChunkReservation[] = [];
  for (let n = 0; n < 4; n++) {
    const { id, reservation } = await begin();
    await reservation.write(PIECE);
    await rooms.uploads.discard(sessionId, id);
    begun.push(reservation);
  }
  await expect(begin()).rejects.toThrow('Your uploads take 262144 bytes or more');
  await begun[0]?.release();
  begun.push((await begin()).reservation);
  for (const reservation of begun) await reservation.release();
});

test.each([
  ['is deleted', (id: Guid) => rooms.uploads.discard(sessionId, id)],
  ['goes with its session', () => rooms.sessions.logOut(ticket, ADDRESS)],
])('A chunk whose handler %s while it comes is written no further', async (_, end) => {
  const { id, reservation } = await begin();
  await reservation.write(PIECE);
  const file = await fs.open(path.join(rooms.contentDirectory, id.slice(0, 2), id));
  try {
    await end(id);
    await reservation.write(PIECE);
    expect(await file.stat()).toMatchObject({ size: 0, nlink: 0 });
    for (const claimed of [crc32(PIECE), NO_CRC]) {
      const chunk = { length: PIECE.length, computed: crc32(PIECE), claimed, isLast: false };
      await expect(reservation.accept(chunk)).rejects.toThrow(GONE);
    }
  } finally {
    await file.close();
    await reservation.release();
  }
});

describe('An upload from before an unclean stop', () => {
  const FILE = Buffer.alloc(8 * 1024 * KIB, 'eight MiB');
  let id: Guid;
  let openReader: Rooms['contents']['openReader'];

  beforeEach(async () => {
    openReader = rooms.contents.openReader.bind(rooms.contents);
    const begun = await begin();
    id = begun.id;
    const { reservation } = begun;
    await reservation.write(FILE);
    await reservation.accept({ length: FILE.length, computed: crc32(FILE), claimed: crc32(FILE), isLast: true });
    await reservation.release();
    await rooms.database.queries.updateTable('upload_handlers').set({ epoch: 0 }).execute();
  });

  /** How often a content is opened for reading from now on, and what else is to be done then. */
  function countReadings(andThen = (): void => undefined): { times: number } {
    const count = { times: 0 };
    rooms.contents.openReader = (content) => {
      count.times++;
      andThen();
      return openReader(content);
    };
    return count;
  }

  afterEach(() => {
    rooms.contents.openReader = openReader;
  });

  test('is read once, however many ask for it at once', async () => {
    const readings = countReadings();
    const all = Array.from({ length: 40 }, () => rooms.uploads.staged(sessionId, id));
    const repeated = rooms.uploads.reserve(sessionId, id);
    for (const staged of await Promise.all(all)) expect(staged).toMatchObject({ size: FILE.length });
    await (await repeated).release();
    expect(readings.times).toBe(1);
  });

  test('is read no further for a caller who leaves; the next one who waits for it reads it', async () => {
    const left = new AbortController();
    const readings = countReadings(() => left.abort(new Error('left')));
    const leaving = [1, 2].map(() => rooms.uploads.staged(sessionId, id, { gone: left.signal }));
    const staying = rooms.uploads.staged(sessionId, id);
    for (const each of await Promise.allSettled(leaving)) expect(each).toMatchObject({ reason: { message: 'left' } });
    expect(await staying).toMatchObject({ size: FILE.length });
    expect(readings.times).toBe(2);
  });
});

test('A call that reserves a handler again is told so, and does not wait for itself', async () => {
  const call = {};
  const { id } = await rooms.uploads.create(sessionId, 0);
  const reservation = await rooms.uploads.reserve(sessionId, id, call);
  await expect(rooms.uploads.reserve(sessionId, id, call)).rejects.toThrow('A call reserves a handler that it has');
  await reservation.release();
  await (await rooms.uploads.reserve(sessionId, id, call)).release();
});
