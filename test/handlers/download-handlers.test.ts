import { newGuid } from '../../src/values/guid.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;

beforeEach(async () => {
  rooms = await openRooms();
  await rooms.users.add({ name: 'anna', password: 'a user' });
});

afterEach(() => rooms.close());

test('A handler whose content is no version any more shows nothing; one that owns its content needs no version', async () => {
  const { id: session } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  const noVersion = await rooms.downloads.open(session, { contentId: newGuid(), size: 3 });
  await expect(rooms.downloads.find(session, noVersion)).rejects.toThrow('The download handler does not exist');

  const { id: contentId, size } = await rooms.stage(Buffer.from('a zip'));
  const zip = await rooms.downloads.adopt(session, { contentId, size });
  expect(await rooms.downloads.find(session, zip)).toEqual({ contentId, size, rights: undefined });
});
