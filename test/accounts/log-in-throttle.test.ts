import { LogInThrottle } from '../../src/accounts/log-in-throttle.js';
import { Failure } from '../../src/values/failure.js';
import { nameKey } from '../../src/values/name-key.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';

/* The clock of these tests moves by the waits alone, so that what has passed on it is how long somebody had to wait. */

let rooms: Rooms;

beforeEach(async () => {
  rooms = await openRooms();
  await rooms.users.add({ name: 'anna', password: 'secret' });
});

afterEach(() => rooms.close());

const failed = (): Promise<void> => Promise.resolve();

/** The user as the counts know them. */
const ANNA = nameKey('anna');

const FAILED = '[900] Authentication failed';
const OTHER_ADDRESS = '198.51.100.7';
const MINUTE_MS = 60_000;

/** Tries to log in. Returns how long the answer took, ms, and what it was. */
async function attempt(
  name: string,
  password: string,
  address = ADDRESS,
): Promise<{ waited: number; outcome: string }> {
  const start = rooms.clock.time;
  const outcome = await rooms.sessions.logIn(name, password, address).then(
    () => 'in',
    (error: unknown) => (error as Error).message,
  );
  return { waited: rooms.clock.time - start, outcome };
}

async function fail(times: number, name = 'anna', address = ADDRESS): Promise<number[]> {
  const waits: number[] = [];
  for (let n = 0; n < times; n++) {
    const { outcome, waited } = await attempt(name, 'wrong', address);
    expect(outcome).toBe(FAILED);
    waits.push(waited);
  }
  return waits;
}

test.each(['anna', 'nobody'])(
  'Wrong passwords for %s wait ever longer from the sixth on, up to a minute',
  async (name) => {
    expect(await fail(14, name)).toEqual([0, 0, 0, 0, 0, 1e3, 2e3, 4e3, 8e3, 16e3, 32e3, 60e3, 60e3, 60e3]);
  },
);

test('The right password after many wrong ones gets in, late; and after that all is forgotten', async () => {
  await fail(8);
  expect(await attempt('anna', 'secret')).toEqual({ waited: 8000, outcome: 'in' });
  expect(await attempt('anna', 'secret')).toEqual({ waited: 0, outcome: 'in' });
  expect(await fail(5)).toEqual([0, 0, 0, 0, 0]);
});

test('An attacker shuts nobody out: from an address that has not failed the right password works at once', async () => {
  await fail(20, 'anna', OTHER_ADDRESS);
  expect(await attempt('anna', 'secret')).toEqual({ waited: 0, outcome: 'in' });
});

test('Other users of the address do not wait for the failures of one', async () => {
  await fail(20);
  await rooms.users.add({ name: 'bert', password: 'secret' });
  expect(await attempt('bert', 'secret')).toEqual({ waited: 0, outcome: 'in' });
});

test('The name is counted in any case, and an IPv6 address by its network', async () => {
  const names = ['anna', 'ANNA', 'Anna', 'aNNa', 'annA'];
  for (const [n, name] of names.entries()) await fail(1, name, `2001:db8::${n + 1}`);
  expect(await fail(1, 'anna', '2001:db8::ffff')).toEqual([1000]);
});

test('Fifty failures of an address, one for each name, make it wait whatever the name', async () => {
  for (let n = 0; n < 50; n++) expect(await fail(1, `user ${n}`)).toEqual([0]);
  expect(await attempt('anna', 'secret')).toEqual({ waited: 1000, outcome: 'in' });
});

test('Five hundred failures from the networks of one IPv6 site make all of them wait', async () => {
  for (let n = 0; n < 500; n++) {
    const address = `2001:db8:0:${n.toString(16)}::1`;
    const guess = rooms.throttle.attempt({ account: ANNA, address, check: () => Promise.resolve(undefined), failed });
    await expect(guess).rejects.toThrow(FAILED);
  }
  expect(await attempt('anna', 'secret', '2001:db8:0:ffff::1')).toEqual({ waited: 1000, outcome: 'in' });
  expect(await attempt('anna', 'secret', '2001:db8:1::1')).toEqual({ waited: 0, outcome: 'in' });
});

test('Failures of those who get in after all do not count for their network', async () => {
  for (let n = 0; n < 20; n++) {
    const name = `user ${n}`;
    await rooms.users.add({ name, password: 'secret' });
    expect(await fail(3, name)).toEqual([0, 0, 0]);
    expect(await attempt(name, 'secret')).toEqual({ waited: 0, outcome: 'in' });
  }
  expect(await fail(1, 'nobody')).toEqual([0]);
});

test('Failures of those who do not get in go on counting for their network', async () => {
  for (let n = 0; n < 50; n++) expect(await fail(1, `user ${n}`)).toEqual([0]);
  await fail(1);
  expect(await attempt('anna', 'secret')).toEqual({ waited: 2000, outcome: 'in' });
  expect(await fail(1, 'nobody')).toEqual([0]);
  expect(await attempt('anna', 'secret')).toEqual({ waited: 2000, outcome: 'in' });
});

test('A quarter of an hour without a failure forgets those before', async () => {
  await fail(8);
  rooms.clock.time += 15 * MINUTE_MS;
  expect(await fail(6)).toEqual([0, 0, 0, 0, 0, 1000]);
});

test('What is forgotten is removed', async () => {
  const rows = (): Promise<unknown[]> => rooms.database.queries.selectFrom('failed_log_ins').selectAll().execute();
  await fail(1);
  await rooms.throttle.expire();
  expect(await rows()).toHaveLength(2);
  rooms.clock.time += 15 * MINUTE_MS;
  await rooms.throttle.expire();
  expect(await rows()).toEqual([]);
});

test('A clock that is set back shuts nobody out until it is there again', async () => {
  await fail(12);
  rooms.clock.time -= 60 * MINUTE_MS;
  expect(await attempt('anna', 'secret')).toEqual({ waited: 0, outcome: 'in' });
});

test('Nothing that was typed is kept: neither the name nor the address', async () => {
  await fail(1, 'my password, in the wrong field');
  const rows = await rooms.database.queries.selectFrom('failed_log_ins').selectAll().execute();
  for (const row of rows) expect(row.subject).toMatch(/^[0-9a-f]{64}$/);
});

test('Guesses sent at once gain nothing: most are refused unseen, for all that time', async () => {
  let checks = 0;
  const guess = (): Promise<unknown> =>
    rooms.throttle
      .attempt({
        account: ANNA,
        address: ADDRESS,
        check: () => {
          checks++;
          return Promise.resolve(undefined);
        },
        failed,
      })
      .catch((error: unknown) => expect(error).toHaveProperty('message', FAILED));
  const start = rooms.clock.time;
  await Promise.all(Array.from({ length: 150 }, guess));
  /* What one after the other may try within the time that passed, and one more for the two that are compared at once. */
  const minutes = Math.ceil((rooms.clock.time - start) / MINUTE_MS);
  expect(checks).toBeLessThanOrEqual(2 * (12 + minutes));
});

test('Several workers count together', async () => {
  const other = new LogInThrottle({
    database: rooms.database,
    now: rooms.now,
    pause: () => Promise.reject(new Error('must wait')),
  });
  await fail(5);
  const check = (): Promise<true> => Promise.resolve(true);
  await expect(other.attempt({ account: ANNA, address: ADDRESS, check, failed })).rejects.toThrow('must wait');
});

describe('Whoever waits', () => {
  /** A throttle whose waits end only when it is stopped. */
  const patient = (begun = (): void => undefined): LogInThrottle =>
    new LogInThrottle({
      database: rooms.database,
      now: rooms.now,
      pause: (_, signal) => {
        signal.throwIfAborted();
        const aborted = new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
        begun();
        return aborted;
      },
    });
  const attemptAt = (throttle: LogInThrottle, address = ADDRESS, gone?: AbortSignal): Promise<true> =>
    throttle.attempt({ account: ANNA, address, gone, check: () => Promise.resolve(true), failed });

  test('is one of a bounded number: beyond that the answer is a refusal at once', async () => {
    await fail(5);
    const throttle = patient();
    const attempts = Array.from({ length: 201 }, () => attemptAt(throttle));
    await expect(Promise.race(attempts)).rejects.toThrow(FAILED);
    throttle.stop();
    expect((await Promise.allSettled(attempts)).every(({ status }) => status === 'rejected')).toBe(true);
  });

  test('from another site takes the place of one of many', async () => {
    await fail(5);
    await fail(5, 'anna', OTHER_ADDRESS);
    const throttle = patient();
    const attempts = Array.from({ length: 200 }, () => attemptAt(throttle));
    const other = attemptAt(throttle, OTHER_ADDRESS);
    await expect(Promise.race(attempts)).rejects.toThrow(FAILED);
    await expect(Promise.race([other, Promise.resolve('still waiting')])).resolves.toBe('still waiting');
    throttle.stop();
    await Promise.allSettled([...attempts, other]);
  });

  test('and leaves waits no longer', async () => {
    await fail(5);
    const leaving = new AbortController();
    const left = new Failure('left');
    const throttle = patient(() => leaving.abort(left));
    const waiting = attemptAt(throttle, ADDRESS, leaving.signal);
    await expect(waiting).rejects.toBe(left);
  });

  test('is refused when the server stops', async () => {
    await fail(5);
    const throttle = patient();
    const waiting = attemptAt(throttle);
    throttle.stop();
    await expect(waiting).rejects.toThrow(FAILED);
  });
});

describe('While secrets are compared', () => {
  let finish: () => void;
  let compared: string[];
  /** Attempts to log in whose secrets are not compared before `finish` is called; of those that were, the names are in `compared`. */
  function attemptOf(account: string, address: string, gone?: AbortSignal): Promise<true> {
    const check = async (): Promise<true> => {
      await held;
      compared.push(account);
      return true;
    };
    const attempted = rooms.throttle.attempt({ account, address, gone, check, failed });
    attempted.catch(() => undefined);
    return attempted;
  }
  let held: Promise<void>;

  beforeEach(() => {
    held = new Promise((resolve) => (finish = resolve));
    compared = [];
  });

  /** As many as wait for their turn, beside the two whose secrets are compared; each from another network of one site. */
  const crowd = (size: number): Promise<true>[] =>
    Array.from({ length: size }, (_, n) => attemptOf(`crowd ${n}`, `2001:db8:0:${n.toString(16)}::1`));
  const refusals = async (attempts: Promise<true>[]): Promise<unknown[]> =>
    (await Promise.allSettled(attempts)).flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );

  test('more from one site than can be compared in some seconds are refused, and told so', async () => {
    const attempts = crowd(203);
    await expect(Promise.race(attempts)).rejects.toThrow('SystemError: Too many callers are logging in');
    finish();
    expect(await refusals(attempts)).toHaveLength(1);
  });

  test('whoever comes from another site is next, however many of one wait', async () => {
    const attempts = crowd(100);
    attempts.push(attemptOf('anna', ADDRESS));
    finish();
    await Promise.all(attempts);
    expect(compared.indexOf('anna')).toBe(3);
  });

  test('whoever comes from another site gets the place of one of the crowd, when all are taken', async () => {
    const attempts = crowd(202);
    attempts.push(attemptOf('anna', ADDRESS));
    finish();
    expect(await refusals(attempts)).toHaveLength(1);
    expect(compared).toContain('anna');
    expect(compared).not.toContain('crowd 201');
  });

  test('whoever comes from a network that has not failed gets the place of one that has, when each is from another site', async () => {
    const failing = '203.0.113.9';
    const guess = { account: 'guess', address: failing, check: () => Promise.resolve(undefined), failed };
    await expect(rooms.throttle.attempt(guess)).rejects.toThrow(FAILED);
    const attempts = Array.from({ length: 201 }, (_, n) => attemptOf(`other ${n}`, `198.18.${n >> 7}.${n & 127}`));
    attempts.push(attemptOf('guess again', failing), attemptOf('anna', ADDRESS), attemptOf('too late', OTHER_ADDRESS));
    finish();
    expect(await refusals(attempts)).toHaveLength(2);
    expect(compared).toContain('anna');
    expect(compared).not.toContain('guess again');
    expect(compared).not.toContain('too late');
  });

  test('whoever leaves gives the place up, and nothing is compared for them', async () => {
    const leaving = new AbortController();
    const left = new Failure('left');
    const attempts = [...crowd(2), attemptOf('anna', ADDRESS, leaving.signal)];
    await expect(Promise.race([...attempts, Promise.resolve('still waiting')])).resolves.toBe('still waiting');
    leaving.abort(left);
    await expect(attempts[2]).rejects.toBe(left);
    finish();
    await Promise.allSettled(attempts);
    expect(compared).toEqual(['crowd 0', 'crowd 1']);
    await expect(attemptOf('anna', ADDRESS, leaving.signal)).rejects.toBe(left);
  });
});

test('The trusted password is guarded in the same way', async () => {
  const trusting = await openRooms({ trustedPassword: 'between machines' });
  try {
    await trusting.users.add({ name: 'anna', password: 'secret' });
    const start = trusting.clock.time;
    for (let n = 0; n < 6; n++) {
      await expect(trusting.sessions.createFor(`guess ${n}`, 'anna', ADDRESS)).rejects.toThrow(FAILED);
    }
    expect(trusting.clock.time - start).toBe(1000);
    await expect(trusting.sessions.createFor('between machines', 'anna', OTHER_ADDRESS)).resolves.toBeDefined();
    expect(trusting.clock.time - start).toBe(1000);
  } finally {
    await trusting.close();
  }
});

test('Log-ins with an empty name do not slow the trusted password down', async () => {
  const trusting = await openRooms({ trustedPassword: 'between machines' });
  try {
    await trusting.users.add({ name: 'anna', password: 'secret' });
    for (let n = 0; n < 5; n++) await expect(trusting.sessions.logIn('', 'any', ADDRESS)).rejects.toThrow(FAILED);
    const start = trusting.clock.time;
    await expect(trusting.sessions.createFor('between machines', 'anna', ADDRESS)).resolves.toBeDefined();
    expect(trusting.clock.time - start).toBe(0);
  } finally {
    await trusting.close();
  }
});
