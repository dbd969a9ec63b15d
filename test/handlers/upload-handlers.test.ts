import fs from 'node:fs/promises';
import path from 'node:path';
import type { ChunkReservation } from '../../src/handlers/chunk-reservation.js';
import { crc32 } from '../../src/values/crc32.js';
import type { Guid } from '../../src/values/guid.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';

/* What becomes of handlers while chunks are under way to them. What callers are answered is tested with the service. */

const GONE = 'The upload handler does not exist or has expired.';
const KIB = 1024;
const PIECE = Buffer.alloc(64 * KIB);

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
    expect(() => reservation.write(PIECE)).toThrow(GONE);
    await expect(
      reservation.accept({ length: PIECE.length, computed: crc32(PIECE), claimed: crc32(PIECE), isLast: false }),
    ).rejects.toThrow(GONE);
    expect(await file.stat()).toMatchObject({ size: PIECE.length, nlink: 0 });
  } finally {
    await file.close();
    await reservation.release();
  }
});
