import { SharedWriterClaims } from '../../src/handlers/writer-claims.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;

beforeEach(async () => {
  rooms = await openRooms();
  await rooms.users.add({ name: 'anna', password: 'a user' });
});

afterEach(() => rooms.close());

test('Who leaves while another worker writes waits no longer, and has claimed nothing', async () => {
  const { id: session } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  const { id } = await rooms.uploads.create(session, 0);
  const [one, other] = ['one', 'other'].map((name) => new SharedWriterClaims(rooms.database, name));
  const claim = await one?.take(id);
  const left = new AbortController();
  const waiting = other?.take(id, { gone: left.signal });
  left.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  await claim?.end();
  const row = await rooms.database.queries.selectFrom('upload_handlers').select('writer').executeTakeFirstOrThrow();
  expect(row.writer).toBeNull();
  await (await one?.take(id))?.end();
});
