import type { Element, Result } from '../../src/contract/result.js';
import { type Call, type Operation, refusal } from '../../src/operations/operation.js';
import { sessionOperations } from '../../src/operations/sessions.js';
import { Failure } from '../../src/values/failure.js';
import { newGuid } from '../../src/values/guid.js';
import { ADDRESS, DAY_MS, openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;
let operations: ReturnType<typeof sessionOperations>;
let call: Call;

beforeEach(async () => {
  rooms = await openRooms({ trustedPassword: 'between machines' });
  operations = sessionOperations(rooms);
  call = { address: '127.0.0.1' };
  await rooms.users.add({ name: 'admin', password: 'secret', isAdministrator: true });
  await rooms.users.add({
    name: 'Anna',
    password: 'secret',
    firstName: 'Anna',
    lastName: 'Berg',
    email: 'a@b.example',
  });
});

afterEach(() => rooms.close());

/** The element an operation answers with, success or failure. */
async function answer<Arguments>(operation: Operation<Arguments>, args: Arguments): Promise<Element> {
  const result = await operation.run(args, call).catch((error: unknown) => {
    if (error instanceof Failure) return refusal(operation.root, error);
    throw error;
  });
  if (result.kind !== 'element') throw new Error('The answer is no element.');
  return result.element;
}

const attributes = async <Arguments>(operation: Operation<Arguments>, args: Arguments): Promise<[string, string][]> => {
  const element = await answer(operation, args);
  expect(element.name).toBe('root');
  return Object.entries(element.attributes);
};

const logIn = async (): Promise<string> => (await rooms.sessions.logIn('anna', 'secret', ADDRESS)).ticket;

const described: [string, unknown][] = [
  ['userid', '2'],
  ['username', 'Anna'],
  ['firstName', 'Anna'],
  ['lastName', 'Berg'],
  ['fullname', 'Anna Berg'],
  ['email', 'a@b.example'],
  ['expireOn', '2024-07-15T09:30:00Z'],
  ['isAuthenticated', 'True'],
];

const opened: [string, unknown][] = [
  ['success', 'true'],
  ['ticket', expect.stringMatching(/^[0-9a-f-]{36}$/)],
  ...described,
];

test('AuthenticateUser answers with a ticket and who the user is', async () => {
  expect(await attributes(operations.AuthenticateUser, { UID: 'ANNA', PWD: 'secret' })).toEqual(opened);
});

test('AuthenticateUser1 answers the same, whatever the language', async () => {
  expect(await attributes(operations.AuthenticateUser1, { UID: 'anna', PWD: 'secret', Lang: 'de' })).toEqual(opened);
});

test('RenewTicket answers the same, with the old ticket when it is still good', async () => {
  const OldTicket = await logIn();
  const answered = await attributes(operations.RenewTicket, { UID: 'anna', PWD: 'secret', Lang: '', OldTicket });
  expect(answered).toEqual(opened);
  expect(new Map(answered).get('ticket')).toBe(OldTicket);
});

test('CreateTicketforUser answers with a ticket only', async () => {
  const args = { TrustedUserPwd: 'between machines', UserName: 'anna' };
  expect(await attributes(operations.CreateTicketforUser, args)).toEqual(opened.slice(0, 2));
});

test('isValidTicket says who the user is, and does not extend the ticket', async () => {
  const AuthenticationTicket = await logIn();
  rooms.clock.time += DAY_MS;
  for (let n = 0; n < 2; n++) {
    expect(await attributes(operations.isValidTicket, { AuthenticationTicket })).toEqual([
      ['success', 'true'],
      ...described,
    ]);
  }
});

test('LogOut answers success, once', async () => {
  const AuthenticationTicket = await logIn();
  expect(await attributes(operations.LogOut, { AuthenticationTicket })).toEqual([['success', 'true']]);
  expect(await attributes(operations.LogOut, { AuthenticationTicket })).toEqual([
    ['success', 'false'],
    ['error', '[901] Session expired or Invalid ticket'],
  ]);
});

test('A user without a first and a last name is called by the user name', async () => {
  const answered = new Map(await attributes(operations.AuthenticateUser, { UID: 'admin', PWD: 'secret' }));
  expect(answered.get('fullname')).toBe('admin');
  expect(answered.get('firstName')).toBe('');
});

const failures: [string, () => Promise<[string, string][]>, string][] = [
  [
    'AuthenticateUser with a wrong password',
    () => attributes(operations.AuthenticateUser, { UID: 'anna', PWD: 'x' }),
    '[900] Authentication failed',
  ],
  [
    'AuthenticateUser1 with nothing',
    () => attributes(operations.AuthenticateUser1, { UID: '', PWD: '', Lang: '' }),
    '[900] Authentication failed',
  ],
  [
    'RenewTicket with an old ticket that is no GUID',
    () => attributes(operations.RenewTicket, { UID: 'anna', PWD: 'secret', Lang: '', OldTicket: 'x' }),
    '[900] Authentication failed',
  ],
  [
    'CreateTicketforUser with a wrong trusted password',
    () => attributes(operations.CreateTicketforUser, { TrustedUserPwd: '', UserName: 'anna' }),
    '[900] Authentication failed',
  ],
  [
    'CreateTicketforUser for an administrator',
    () => attributes(operations.CreateTicketforUser, { TrustedUserPwd: 'between machines', UserName: 'admin' }),
    '[902] Ticket generation are not allowed for this user.',
  ],
  [
    'isValidTicket without a ticket',
    () => attributes(operations.isValidTicket, { AuthenticationTicket: '' }),
    '[900] Authentication failed',
  ],
  [
    'isValidTicket with a ticket that never was',
    () => attributes(operations.isValidTicket, { AuthenticationTicket: newGuid() }),
    '[901] Session expired or Invalid ticket',
  ],
  [
    'LogOut without a ticket',
    () => attributes(operations.LogOut, { AuthenticationTicket: '' }),
    '[900] Authentication failed',
  ],
];

test.each(failures)('%s fails with the text of the contract', async (_, attempt, error) => {
  expect(await attempt()).toEqual([
    ['success', 'false'],
    ['error', error],
  ]);
});

test('The call is told whose it is, once that is known', async () => {
  await answer(operations.AuthenticateUser, { UID: 'ANNA', PWD: 'wrong' });
  expect(call.user).toBeUndefined();
  await answer(operations.AuthenticateUser, { UID: 'ANNA', PWD: 'secret' });
  expect(call.user).toBe('Anna');
});

test.each([
  ['AuthenticateUser', { UID: 'anna', PWD: 'secret' }],
  ['AuthenticateUser1', { UID: 'anna', PWD: 'secret', Lang: '' }],
  ['RenewTicket', { UID: 'anna', PWD: 'secret', Lang: '', OldTicket: '0f8fad5b-d9cb-469f-a165-70867728950e' }],
  ['CreateTicketforUser', { TrustedUserPwd: 'between machines', UserName: 'anna' }],
] as const)('%s opens nothing for a caller who has left', async (name, args) => {
  const left = new Failure('left');
  const run = operations[name].run as (args: object, call: Call) => Promise<Result>;
  await expect(run(args, { address: ADDRESS, gone: AbortSignal.abort(left) })).rejects.toBe(left);
});
