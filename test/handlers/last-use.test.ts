import type { Guid } from '../../src/values/guid.js';
import { ADDRESS, DAY_MS, openRooms, type Rooms } from '../support/rooms.js';

/* How long a handler lives that is used now and then. */

const KINDS = [
  {
    kind: 'upload',
    open: async (rooms: Rooms, sessionId: number): Promise<Guid> => (await rooms.uploads.create(sessionId, 0)).id,
    use: async (rooms: Rooms, sessionId: number, id: Guid): Promise<void> =>
      (await rooms.uploads.reserve(sessionId, id)).release(),
  },
  {
    kind: 'download',
    open: async (rooms: Rooms, sessionId: number): Promise<Guid> => {
      const { id: contentId, size } = await rooms.stage(Buffer.from('a zip'));
      return rooms.downloads.adopt(sessionId, { contentId, size });
    },
    use: async (rooms: Rooms, sessionId: number, id: Guid): Promise<void> => {
      await rooms.downloads.find(sessionId, id);
    },
  },
] as const;

const LIMITS = [
  ['ten seconds', 10_000],
  ['a minute', 60_000],
  ['a day', DAY_MS],
] as const;

const CASES = KINDS.flatMap((kind) => LIMITS.map(([length, idleLimit]) => ({ ...kind, length, idleLimit })));

let rooms: Rooms;

afterEach(() => rooms.close());

test.each(CASES)(
  'A handler that may lie idle for $length lives on while it is in use: $kind',
  async ({ idleLimit, open, use }) => {
    rooms = await openRooms({ idleLimit });
    await rooms.users.add({ name: 'anna', password: 'a user' });
    const { id: sessionId } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
    const id = await open(rooms, sessionId);
    const expire = async (): Promise<void> => {
      await rooms.uploads.expire();
      await rooms.downloads.expire();
    };
    for (let n = 0; n < 100; n++) {
      rooms.clock.time += idleLimit / 48;
      await expire();
      await use(rooms, sessionId, id);
    }
    rooms.clock.time += idleLimit * (23 / 24);
    await expire();
    await use(rooms, sessionId, id);
    rooms.clock.time += idleLimit + 1;
    await expect(use(rooms, sessionId, id)).rejects.toThrow('handler does not exist or has expired.');
  },
);
