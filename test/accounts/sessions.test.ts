import { sql } from 'kysely';
import { Passwords } from '../../src/accounts/passwords.js';
import { ticketHash, type Ticket } from '../../src/accounts/ticket.js';
import { newGuid } from '../../src/values/guid.js';
import { countedPasswords } from '../support/counted-scrypt.js';
import { ADDRESS, DAY_MS, openRooms, type Rooms } from '../support/rooms.js';

const FAILED = '[900] Authentication failed';
const EXPIRED = '[901] Session expired or Invalid ticket';
const LIFE_MS = 30 * DAY_MS;

let rooms: Rooms;

beforeEach(async () => {
  rooms = await openRooms({ trustedPassword: 'between machines' });
  await rooms.users.add({ name: 'admin', password: 'top secret', isAdministrator: true });
  await rooms.users.add({ name: 'Anna', password: 'secret', firstName: 'Anna', lastName: 'Berg' });
  await rooms.users.add({ name: 'bert', password: 'secret' });
});

afterEach(() => rooms.close());

const logIn = async (): Promise<Ticket> => (await rooms.sessions.logIn('anna', 'secret', ADDRESS)).ticket;

const usedAt = async (ticket: Ticket): Promise<number | undefined> =>
  (
    await rooms.database.queries
      .selectFrom('sessions')
      .select('used_at')
      .where('ticket_hash', '=', ticketHash(ticket))
      .executeTakeFirst()
  )?.used_at;

/** Hashes that are cut, or have something in them that does not belong there. */
const DAMAGED: readonly (string | Buffer)[] = [
  '',
  '!',
  'damaged',
  'x',
  'scrypt$8$1$1$damaged',
  'scrypt$16$1',
  `scrypt$16$1$1$!${'A'.repeat(68)}`,
  `scrypt$16$1$1$~${'A'.repeat(68)}`,
  `scrypt$16$1$1$é${'A'.repeat(68)}`,
  `scrypt$32$1$1$${'A'.repeat(60)}`,
  /* With a bit that has changed, so that they are no UTF-8. */
  Buffer.from('\xf3crypt$16$1', 'latin1'),
  Buffer.from('scrypt$\xf1$1$', 'latin1'),
  Buffer.from('scrypt$16$1$1$\xf3AA', 'latin1'),
  Buffer.from('sc\0\xff', 'latin1'),
];

/** Gives a user a hash, as a text of these bytes. */
async function setHash({ queries }: Rooms['database'], name: string, hash: string | Buffer): Promise<void> {
  const text = sql<string>`cast(${Buffer.from(hash)} as text)`;
  await queries.updateTable('users').set({ password_hash: text }).where('name', '=', name).execute();
}

describe('Logging in', () => {
  test('opens a session of 30 days under a new ticket', async () => {
    const session = await rooms.sessions.logIn('ANNA', 'secret', ADDRESS);
    expect(session).toMatchObject({ user: { name: 'Anna', lastName: 'Berg' }, expiresAt: rooms.clock.time + LIFE_MS });
    expect(session.ticket).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect((await rooms.sessions.logIn('anna', 'secret', ADDRESS)).ticket).not.toBe(session.ticket);
  });

  test.each([
    ['a wrong password', 'anna', 'Secret'],
    ['an empty password', 'anna', ''],
    ['an unknown user', 'nobody', 'secret'],
    ['no user', '', ''],
    ['a disabled user and the right password', 'bert', 'secret'],
  ])('with %s fails with [900]', async (_, name, password) => {
    await rooms.users.disable('bert');
    await expect(rooms.sessions.logIn(name, password, ADDRESS)).rejects.toThrow(FAILED);
  });

  test('with a name or a password longer than any fails at once', async () => {
    for (const [name, password] of [
      ['x'.repeat(1025), 'secret'],
      ['anna', 'x'.repeat(1025)],
    ] as const) {
      await expect(rooms.sessions.logIn(name, password, ADDRESS)).rejects.toThrow(FAILED);
    }
    expect(await rooms.database.queries.selectFrom('failed_log_ins').selectAll().execute()).toEqual([]);
  });

  test('keeps no ticket in clear', async () => {
    const ticket = await logIn();
    const row = await rooms.database.queries.selectFrom('sessions').selectAll().executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).not.toContain(ticket);
    expect(row.ticket_hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('hashes a password anew that was hashed at another cost, when it is right', async () => {
    const hash = async (): Promise<string | undefined> =>
      (await rooms.database.queries.selectFrom('users').select('password_hash').where('name', '=', 'Anna').execute())[0]
        ?.password_hash;
    const earlier = await new Passwords({ N: 32, r: 1, p: 1 }).hash('secret');
    await setHash(rooms.database, 'Anna', earlier);
    await expect(rooms.sessions.logIn('anna', 'wrong', ADDRESS)).rejects.toThrow(FAILED);
    expect(await hash()).toBe(earlier);
    await logIn();
    const renewed = await hash();
    expect(renewed).toMatch(/^scrypt\$16\$1\$1\$/);
    await logIn();
    expect(await hash()).toBe(renewed);
  });

  test('of the same user twice at once succeeds twice, also when the hash is made anew', async () => {
    const earlier = await new Passwords({ N: 32, r: 1, p: 1 }).hash('secret');
    await setHash(rooms.database, 'Anna', earlier);
    await expect(Promise.all([logIn(), logIn()])).resolves.toHaveLength(2);
  });

  test.each([
    ['that are damaged', DAMAGED],
    ['of a cost the machine cannot pay', [`scrypt$${2 ** 40}$8$3$${'A'.repeat(22)}==$${'A'.repeat(43)}=`]],
  ])('is refused and counts as ever when others have hashes %s', async (_what, hashes) => {
    for (const [n, hash] of hashes.entries()) {
      await rooms.users.add({ name: `other ${n}`, password: 'secret' });
      await setHash(rooms.database, `other ${n}`, hash);
    }
    await expect(rooms.sessions.logIn('anna', 'wrong', ADDRESS)).rejects.toThrow(FAILED);
    await expect(rooms.sessions.logIn('nobody', 'wrong', ADDRESS)).rejects.toThrow(FAILED);
    expect(await rooms.database.queries.selectFrom('failed_log_ins').selectAll().execute()).not.toEqual([]);
    await logIn();
  });

  test.each([
    ['a user with a hash of the cost there is now', 'admin', 'wrong'],
    ['a user with a hash of an earlier cost', 'early', 'wrong'],
    ['a user with a hash of the earliest', 'first', 'wrong'],
    ['a disabled user, though with the right password', 'gone', 'secret'],
    ['nobody', 'nobody', 'secret'],
  ])(
    'is refused after a check at each cost there is, for %s, whatever other hashes are damaged',
    async (_who, name, password) => {
      const { costs, passwords } = countedPasswords();
      const counted = await openRooms({ passwords });
      for (const [n, hash] of DAMAGED.entries()) {
        await counted.users.add({ name: `other ${n}`, password: 'secret' });
        await setHash(counted.database, `other ${n}`, hash);
      }
      await counted.users.add({ name: 'no text', password: 'secret' });
      await sql`update users set password_hash = ${Buffer.from('scrypt$64$1$1$AA$BB')} where name = 'no text'`.execute(
        counted.database.queries,
      );
      for (const user of ['admin', 'early', 'first', 'gone'])
        await counted.users.add({ name: user, password: 'secret' });
      for (const [user, N] of [
        ['early', 32],
        ['first', 8],
      ] as const) {
        const hash = await new Passwords({ N, r: 1, p: 1 }).hash('secret');
        await setHash(counted.database, user, hash);
      }
      await counted.users.disable('gone');
      costs.length = 0;
      await expect(counted.sessions.logIn(name, password, ADDRESS)).rejects.toThrow(FAILED);
      expect(costs.sort((a, b) => a - b)).toEqual([8, 16, 32]);
      await counted.close();
    },
  );

  test('opens nothing when the user is disabled while the password is being checked', async () => {
    const attempt = rooms.sessions.logIn('anna', 'secret', ADDRESS);
    const outcome = expect(attempt).rejects.toThrow(FAILED);
    await rooms.users.disable('anna');
    await outcome;
  });

  test('works again when a disabled user is enabled', async () => {
    await rooms.users.disable('anna');
    await rooms.users.enable('anna');
    await expect(logIn()).resolves.toBeDefined();
  });
});

describe('A ticket', () => {
  test.each([
    ['as it was given', (ticket: string) => ticket],
    ['in upper case', (ticket: string) => ticket.toUpperCase()],
    ['in braces and white space', (ticket: string) => ` {${ticket}}\r\n`],
    ['without hyphens', (ticket: string) => ticket.replaceAll('-', '')],
  ])('opens its session written %s', async (_, write) => {
    const ticket = await logIn();
    expect((await rooms.sessions.require(write(ticket))).user.name).toBe('Anna');
  });

  test.each(['', ' ', 'ticket', '3f2504e0-4f89-11d3-9a0c-0305e82c33'])('written %j is [900]', async (text) => {
    await expect(rooms.sessions.require(text)).rejects.toThrow(FAILED);
    await expect(rooms.sessions.peek(text)).rejects.toThrow(FAILED);
    await expect(rooms.sessions.logOut(text, ADDRESS)).rejects.toThrow(FAILED);
  });

  test('that never was is [901]', async () => {
    await expect(rooms.sessions.require(newGuid())).rejects.toThrow(EXPIRED);
    await expect(rooms.sessions.peek(newGuid())).rejects.toThrow(EXPIRED);
    await expect(rooms.sessions.logOut(newGuid(), ADDRESS)).rejects.toThrow(EXPIRED);
  });

  test('lives 30 days from its last use', async () => {
    const ticket = await logIn();
    rooms.clock.time += LIFE_MS - 1;
    await rooms.sessions.require(ticket);
    rooms.clock.time += LIFE_MS - 1;
    expect((await rooms.sessions.require(ticket)).expiresAt).toBe(rooms.clock.time + LIFE_MS);
    rooms.clock.time += LIFE_MS;
    await expect(rooms.sessions.require(ticket)).rejects.toThrow(EXPIRED);
  });

  test('has the time of its use written at most once a minute', async () => {
    const ticket = await logIn();
    const opened = rooms.clock.time;
    rooms.clock.time += 59_999;
    await rooms.sessions.require(ticket);
    expect(await usedAt(ticket)).toBe(opened);
    rooms.clock.time += 1;
    await rooms.sessions.require(ticket);
    expect(await usedAt(ticket)).toBe(opened + 60_000);
  });

  test('that is looked at is not used by it', async () => {
    const ticket = await logIn();
    rooms.clock.time += DAY_MS;
    const { expiresAt } = await rooms.sessions.peek(ticket);
    expect(expiresAt).toBe(rooms.clock.time - DAY_MS + LIFE_MS);
    expect((await rooms.sessions.peek(ticket)).expiresAt).toBe(expiresAt);
  });

  test('is [901] after logging out, and so is logging out again', async () => {
    const ticket = await logIn();
    await rooms.sessions.logOut(ticket, ADDRESS);
    await expect(rooms.sessions.require(ticket)).rejects.toThrow(EXPIRED);
    await expect(rooms.sessions.logOut(ticket, ADDRESS)).rejects.toThrow(EXPIRED);
  });

  test('of a disabled user is [901], also when the user is enabled again', async () => {
    const ticket = await logIn();
    await rooms.users.disable('anna');
    await expect(rooms.sessions.require(ticket)).rejects.toThrow(EXPIRED);
    await rooms.users.enable('anna');
    await expect(rooms.sessions.require(ticket)).rejects.toThrow(EXPIRED);
  });

  test('of a disabled user is [901] even if a session is left', async () => {
    const ticket = await logIn();
    await rooms.database.queries.updateTable('users').set({ is_disabled: 1 }).where('name', '=', 'Anna').execute();
    await expect(rooms.sessions.require(ticket)).rejects.toThrow(EXPIRED);
  });

  test('is [901] after the password was changed, and the new password counts', async () => {
    const ticket = await logIn();
    await rooms.users.setPassword('anna', 'other');
    await expect(rooms.sessions.require(ticket)).rejects.toThrow(EXPIRED);
    await expect(logIn()).rejects.toThrow(FAILED);
    await expect(rooms.sessions.logIn('anna', 'other', ADDRESS)).resolves.toBeDefined();
  });

  test('is not touched by what happens to another user', async () => {
    const ticket = await logIn();
    await rooms.users.disable('bert');
    await rooms.users.setPassword('admin', 'other');
    await expect(rooms.sessions.require(ticket)).resolves.toBeDefined();
  });
});

describe('Renewing', () => {
  test('keeps an old ticket that is valid, for another 30 days', async () => {
    const ticket = await logIn();
    rooms.clock.time += DAY_MS;
    const session = await rooms.sessions.renew('anna', 'secret', ticket.toUpperCase(), ADDRESS);
    expect(session.ticket).toBe(ticket);
    expect(session.expiresAt).toBe(rooms.clock.time + LIFE_MS);
    expect((await rooms.sessions.peek(ticket)).expiresAt).toBe(session.expiresAt);
  });

  test('gives a new ticket for one that has expired', async () => {
    const ticket = await logIn();
    rooms.clock.time += LIFE_MS;
    const renewed = await rooms.sessions.renew('anna', 'secret', ticket, ADDRESS);
    expect(renewed.ticket).not.toBe(ticket);
    await expect(rooms.sessions.require(renewed.ticket)).resolves.toBeDefined();
  });

  test('gives a new ticket for one that is not there', async () => {
    const ticket = newGuid();
    expect((await rooms.sessions.renew('anna', 'secret', ticket, ADDRESS)).ticket).not.toBe(ticket);
  });

  test("gives a new ticket for somebody else's, which stays theirs", async () => {
    const { ticket } = await rooms.sessions.logIn('bert', 'secret', ADDRESS);
    expect((await rooms.sessions.renew('anna', 'secret', ticket, ADDRESS)).ticket).not.toBe(ticket);
    expect((await rooms.sessions.require(ticket)).user.name).toBe('bert');
  });

  test('checks the password even when the old ticket is valid', async () => {
    const ticket = await logIn();
    await expect(rooms.sessions.renew('anna', 'wrong', ticket, ADDRESS)).rejects.toThrow(FAILED);
  });

  test.each(['', 'nonsense'])('with the old ticket %j fails with [900]', async (old) => {
    await expect(rooms.sessions.renew('anna', 'secret', old, ADDRESS)).rejects.toThrow(FAILED);
  });
});

describe('A ticket for a user', () => {
  test('is given to whoever has the trusted password', async () => {
    const { ticket } = await rooms.sessions.createFor('between machines', 'ANNA', ADDRESS);
    expect((await rooms.sessions.require(ticket)).user.name).toBe('Anna');
  });

  test.each([
    ['the wrong trusted password', 'between', 'anna', FAILED],
    ['the wrong trusted password for an administrator', 'between', 'admin', FAILED],
    ['an unknown user', 'between machines', 'nobody', FAILED],
    ['a disabled user', 'between machines', 'bert', FAILED],
    ['an administrator', 'between machines', 'Admin', '[902] Ticket generation are not allowed for this user.'],
  ])('is not given for %s', async (_, trustedPassword, name, text) => {
    await rooms.users.disable('bert');
    await expect(rooms.sessions.createFor(trustedPassword, name, ADDRESS)).rejects.toThrow(text);
  });

  test('is not given at all when no trusted password is set', async () => {
    const without = await openRooms();
    try {
      await without.users.add({ name: 'anna', password: 'secret' });
      await expect(without.sessions.createFor('', 'anna', ADDRESS)).rejects.toThrow(FAILED);
      await expect(without.sessions.createFor('undefined', 'anna', ADDRESS)).rejects.toThrow(FAILED);
    } finally {
      await without.close();
    }
  });
});

describe("A session's handlers go with it", () => {
  /** Opens a session with an upload handler and a download handler that owns its content. */
  async function openWithHandlers() {
    const session = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
    const { id } = await rooms.uploads.create(session.id, 0);
    const zip = await rooms.stage(Buffer.from('zip'));
    await rooms.downloads.adopt(session.id, { contentId: zip.id, size: zip.size });
    return { ...session, contents: [id, zip.id] };
  }

  const sizes = (ids: Parameters<Rooms['contents']['size']>[0][]): Promise<(number | undefined)[]> =>
    Promise.all(ids.map((id) => rooms.contents.size(id)));

  const countRecords = async (): Promise<number> => {
    const { queries } = rooms.database;
    const records = await Promise.all([
      queries.selectFrom('upload_handlers').select('id').execute(),
      queries.selectFrom('download_handlers').select('id').execute(),
      queries.selectFrom('unclaimed_contents').select('content_id').execute(),
    ]);
    return records.flat().length;
  };

  const endings: [string, (ticket: Ticket) => Promise<unknown>][] = [
    ['logging out', (ticket) => rooms.sessions.logOut(ticket, ADDRESS)],
    ['disabling the user', () => rooms.users.disable('anna')],
    ['changing the password', () => rooms.users.setPassword('anna', 'other')],
    [
      'expiry',
      () => {
        rooms.clock.time += LIFE_MS;
        return rooms.sessions.expireSessions();
      },
    ],
  ];

  test.each(endings)('on %s, from the database and from the disk', async (_, end) => {
    const { ticket, contents } = await openWithHandlers();
    expect(await sizes(contents)).toEqual([0, 3]);
    await end(ticket);
    expect(await countRecords()).toBe(0);
    expect(await sizes(contents)).toEqual([undefined, undefined]);
  });

  test('and those of another session stay', async () => {
    const { ticket } = await openWithHandlers();
    const other = await openWithHandlers();
    await rooms.sessions.logOut(ticket, ADDRESS);
    expect(await sizes(other.contents)).toEqual([0, 3]);
  });
});

test('Expiry ends the sessions whose time is over, however many, and no others', async () => {
  const user = await rooms.users.find('anna');
  await rooms.database.queries
    .insertInto('sessions')
    .values(
      Array.from({ length: 250 }, (_, n) => ({
        ticket_hash: String(n),
        user_id: user?.id ?? 0,
        created_at: 0,
        used_at: rooms.clock.time - LIFE_MS - n,
      })),
    )
    .execute();
  const ticket = await logIn();
  expect(await rooms.sessions.expireSessions()).toBe(250);
  expect(await rooms.sessions.expireSessions()).toBe(0);
  await expect(rooms.sessions.require(ticket)).resolves.toBeDefined();
});

test('Of a user with too many sessions those end that have not been used for longest; those of others stay', async () => {
  await rooms.close();
  rooms = await openRooms({ sessionsPerUser: 3 });
  for (const name of ['anna', 'bert']) await rooms.users.add({ name, password: 'secret' });
  const open = async (name: string): Promise<string> => {
    rooms.clock.time += 60_000;
    return (await rooms.sessions.logIn(name, 'secret', ADDRESS)).ticket;
  };
  const annas = [await open('anna'), await open('anna'), await open('anna'), await open('anna'), await open('anna')];
  const berts = [await open('bert'), await open('bert'), await open('bert')];
  await rooms.sessions.require(annas[0] ?? '');
  expect(await rooms.sessions.expireSessions()).toBe(2);
  const isOpen = (ticket: string): Promise<boolean> =>
    rooms.sessions.peek(ticket).then(
      () => true,
      () => false,
    );
  expect(await Promise.all(annas.map(isOpen))).toEqual([true, false, false, true, true]);
  expect(await Promise.all(berts.map(isOpen))).toEqual([true, true, true]);
  expect(await rooms.sessions.expireSessions()).toBe(0);
});

test('Of very many log-ins that fail the number is in the audit, whether a user is known or not', async () => {
  const actions = async (): Promise<unknown[]> =>
    rooms.database.queries
      .selectFrom('audit')
      .select(['action', 'user_name', 'outcome', (eb) => eb.fn.countAll().as('count')])
      .where('outcome', '<>', 'ok')
      .groupBy(['action', 'user_name', 'outcome'])
      .orderBy('action')
      .orderBy('user_name')
      .execute();
  for (const name of ['anna', 'nobody']) {
    for (let n = 0; n < 103; n++) {
      await expect(rooms.sessions.logIn(name, 'wrong', `192.0.2.${n}`)).rejects.toThrow('[900]');
    }
  }
  await rooms.audit.flush();
  const failed = { action: 'log-in', outcome: '[900] Authentication failed', count: 100 };
  const rest = { action: 'refusals', outcome: '3 more calls were refused in a minute', count: 1 };
  expect(await actions()).toEqual([
    { ...failed, user_name: null },
    { ...failed, user_name: 'Anna' },
    { ...rest, user_name: null },
    { ...rest, user_name: 'Anna' },
  ]);
});

test('A user with more sessions than a statement takes parameters can be disabled', async () => {
  const user = await rooms.users.find('anna');
  const rows = Array.from({ length: 1200 }, (_, n) => ({
    ticket_hash: String(n),
    user_id: user?.id ?? 0,
    created_at: 0,
    used_at: rooms.clock.time,
  }));
  await rooms.database.queries.insertInto('sessions').values(rows).execute();
  await rooms.users.disable('anna');
  expect(await rooms.database.queries.selectFrom('sessions').select('id').execute()).toEqual([]);
});
