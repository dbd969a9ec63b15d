import { Failure } from '../../src/values/failure.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;

beforeEach(async () => {
  rooms = await openRooms();
});

afterEach(() => rooms.close());

describe('A user', () => {
  test('is found by name in any case, and keeps the name as it was given', async () => {
    await rooms.users.add({ name: 'Änne', password: 'secret', firstName: 'Anne', lastName: 'Berg', email: 'a@b.c' });
    expect(await rooms.users.find('änNE')).toMatchObject({
      name: 'Änne',
      firstName: 'Anne',
      lastName: 'Berg',
      email: 'a@b.c',
      isAdministrator: false,
      isDisabled: false,
    });
  });

  test('is not added a second time, in whatever case', async () => {
    await rooms.users.add({ name: 'anna', password: 'secret' });
    await expect(rooms.users.add({ name: 'ANNA', password: 'other' })).rejects.toThrow(
      new Failure('There is a user "ANNA" already.'),
    );
  });

  test.each([
    ['', 'A user must have a name.'],
    [' \t', 'A user must have a name.'],
    [' anna', 'A user name must not begin or end with white space.'],
    ['a\nb', 'A user name must not contain control characters.'],
    ['a\u0000', 'A user name must not contain control characters.'],
    ['a\ud800', 'A user name must not contain control characters.'],
    ['x'.repeat(129), 'A user name must not be longer than 128 characters.'],
    ['Everyone', '"Everyone" stands for all users and cannot be a name.'],
  ])('cannot have the name %j', async (name, text) => {
    await expect(rooms.users.add({ name, password: 'secret' })).rejects.toThrow(new Failure(text));
    expect(await rooms.users.list()).toEqual([]);
  });

  test('can have a name of 128 characters', async () => {
    const { name } = await rooms.users.add({ name: 'x'.repeat(128), password: 'secret' });
    expect(name).toHaveLength(128);
  });

  test.each([
    ['', 'The password must not be empty.'],
    ['x'.repeat(1025), 'The password must not be longer than 1024 characters.'],
  ])('cannot have the password %j', async (password, text) => {
    await expect(rooms.users.add({ name: 'anna', password })).rejects.toThrow(new Failure(text));
  });

  test('cannot have a control character in an e-mail address', async () => {
    await expect(rooms.users.add({ name: 'anna', password: 'x', email: 'a\r\nb' })).rejects.toThrow(Failure);
  });

  test('that is not there cannot be changed', async () => {
    const failure = new Failure('There is no user "nobody".');
    await expect(rooms.users.disable('nobody')).rejects.toThrow(failure);
    await expect(rooms.users.enable('nobody')).rejects.toThrow(failure);
    await expect(rooms.users.setPassword('nobody', 'x')).rejects.toThrow(failure);
  });
});

test('Users are listed by name', async () => {
  for (const name of ['carl', 'Anna', 'bert']) await rooms.users.add({ name, password: 'secret' });
  await rooms.users.disable('bert');
  const users = await rooms.users.list();
  expect(users.map(({ name, isDisabled }) => [name, isDisabled])).toEqual([
    ['Anna', false],
    ['bert', true],
    ['carl', false],
  ]);
});

describe('The first administrator', () => {
  test('is made with the password given', async () => {
    const first = await rooms.users.addFirstAdministrator('admin', 'secret');
    expect(first).toEqual({ name: 'admin', password: undefined });
    expect(await rooms.users.find('admin')).toMatchObject({ isAdministrator: true });
    await expect(rooms.sessions.logIn('admin', 'secret', ADDRESS)).resolves.toBeDefined();
  });

  test('is made with a random password, which is told, when none is given', async () => {
    const first = await rooms.users.addFirstAdministrator('admin', undefined);
    expect(first?.password).toMatch(/^[\w-]{24}$/);
    await expect(rooms.sessions.logIn('admin', first?.password ?? '', ADDRESS)).resolves.toBeDefined();
  });

  test('is not made when there is an administrator, whatever the name', async () => {
    await rooms.users.add({ name: 'root', password: 'secret', isAdministrator: true });
    expect(await rooms.users.addFirstAdministrator('admin', 'other')).toBeUndefined();
    expect(await rooms.users.find('admin')).toBeUndefined();
  });

  test('is made once when two servers start at the same time', async () => {
    const made = await Promise.all([
      rooms.users.addFirstAdministrator('admin', undefined),
      rooms.users.addFirstAdministrator('admin', undefined),
    ]);
    expect(made.filter((first) => first !== undefined)).toHaveLength(1);
  });
});

test('The last administrator who can log in cannot be disabled', async () => {
  await rooms.users.add({ name: 'one', password: 'secret', isAdministrator: true });
  await rooms.users.add({ name: 'two', password: 'secret', isAdministrator: true });
  await rooms.users.disable('one');
  await expect(rooms.users.disable('two')).rejects.toThrow(
    new Failure('"two" is the last administrator and cannot be disabled.'),
  );
});
