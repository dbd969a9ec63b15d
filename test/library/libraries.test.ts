import { Failure } from '../../src/values/failure.js';
import { openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;

beforeEach(async () => {
  rooms = await openRooms();
  await rooms.users.add({ name: 'anna', password: 'secret' });
  await rooms.users.add({ name: 'Bert', password: 'secret' });
});

afterEach(() => rooms.close());

test('Libraries are listed by name, with their rights', async () => {
  await rooms.libraries.add('b', 'read');
  await rooms.libraries.add('A', 'none');
  await rooms.libraries.grant('a', 'bert', 'read');
  await rooms.libraries.grant('a', 'anna', 'write');
  await rooms.libraries.takeOffline('B');
  expect(await rooms.libraries.list()).toEqual([
    {
      id: 2,
      name: 'A',
      isOffline: false,
      everyone: 'none',
      rights: [
        { userName: 'anna', access: 'write' },
        { userName: 'Bert', access: 'read' },
      ],
    },
    { id: 1, name: 'b', isOffline: true, everyone: 'read', rights: [] },
  ]);
});

test('A library of a name that is taken, in whatever case, is not added', async () => {
  await rooms.libraries.add('Finance', 'none');
  await expect(rooms.libraries.add('FINANCE', 'none')).rejects.toThrow('There is a library "FINANCE" already.');
});

test('A folder of that name elsewhere does not stand in the way', async () => {
  const admin = await rooms.users.add({ name: 'admin', password: 'secret', isAdministrator: true });
  await rooms.libraries.add('Finance', 'none');
  await rooms.folders.createPath(admin, '/Finance/Reports');
  await expect(rooms.libraries.add('Reports', 'none')).resolves.toBeDefined();
  await rooms.libraries.grant('Reports', 'anna', 'read');
  expect((await rooms.libraries.list()).find(({ name }) => name === 'Reports')?.rights).toHaveLength(1);
});

test.each(['', 'a/b', '..', '~D1', '~d1.x', '~F1'])('A library cannot have the name %j', async (name) => {
  await expect(rooms.libraries.add(name, 'none')).rejects.toThrow(Failure);
  expect(await rooms.libraries.list()).toEqual([]);
});

test('What is not there cannot be changed', async () => {
  const noLibrary = new Failure('There is no library "Nowhere".');
  await expect(rooms.libraries.grant('Nowhere', 'anna', 'read')).rejects.toThrow(noLibrary);
  await expect(rooms.libraries.revoke('Nowhere', 'anna')).rejects.toThrow(noLibrary);
  await expect(rooms.libraries.grantEveryone('Nowhere', 'read')).rejects.toThrow(noLibrary);
  await expect(rooms.libraries.takeOffline('Nowhere')).rejects.toThrow(noLibrary);
  await expect(rooms.libraries.bringOnline('Nowhere')).rejects.toThrow(noLibrary);
  await rooms.libraries.add('Finance', 'none');
  await expect(rooms.libraries.grant('Finance', 'nobody', 'read')).rejects.toThrow('There is no user "nobody".');
});

test('The first library is open to everyone, and made only when there is none', async () => {
  await rooms.libraries.addFirst('Public');
  await rooms.libraries.addFirst('Public');
  await rooms.libraries.addFirst('Other');
  expect(await rooms.libraries.list()).toMatchObject([{ name: 'Public', everyone: 'write' }]);
});
