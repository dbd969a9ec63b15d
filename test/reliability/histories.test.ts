import type { Queries } from '../../src/storage/database.js';
import type { Guid } from '../../src/values/guid.js';
import { Random } from '../fuzz/random.js';
import { AssembledService } from '../support/assembled-service.js';
import type { Caller } from '../support/caller.js';
import { findOrder } from '../support/histories/find-order.js';
import { History, type RecordedCall } from '../support/histories/history.js';
import { ServiceCalls, type ServiceCallsOptions } from '../support/histories/service-calls.js';
import { type ServiceCall, serviceModel } from '../support/histories/service-model.js';
import { withDatabase } from '../support/running-service.js';
import { ServerProcess } from '../support/server-process.js';

/*
 * Many calls at once, over connections of their own, their bytes arriving by turns as a seed will have it. What came of each is written down, and
 * then an order is looked for in which calls made one after the other would have come to the same. There must be one.
 *
 * `HISTORIES=200 npm run test:reliability -- histories` tries so many seeds of each kind.
 */
const SEEDS = Array.from({ length: Number(process.env['HISTORIES'] ?? 3) }, (_, n) => ({ seed: 1000 + n }));

interface Run {
  readonly options: Omit<ServiceCallsOptions, 'handlers' | 'pathOf'>;
  readonly random: Random;
  /** The handlers there are, all empty. */
  readonly handlers: readonly string[];
  /** Calls that are made one after the other, before. */
  readonly before?: readonly ServiceCall[];
  readonly atOnce: readonly ServiceCall[];
  /** Calls that are made one after the other, when all others have ended. */
  readonly after: readonly ServiceCall[];
}

let documents = 0;

/** Makes the calls; returns what came of them. */
async function record({ after, atOnce, before = [], handlers, options, random }: Run): Promise<History<ServiceCall>> {
  const run = ++documents;
  const ids = await Promise.all(
    handlers.map(async (name): Promise<[string, string]> => [name, await options.caller.openUpload()]),
  );
  const pathOf = (document: string): string => `/Public/${run} ${document}.bin`;
  const calls = new ServiceCalls({ ...options, handlers: new Map(ids), pathOf }, random);
  const prepare = (inputs: readonly ServiceCall[]) => Promise.all(inputs.map((input) => calls.prepare(input)));
  const history = new History<ServiceCall>();
  await history.inTurn(await prepare(before), random);
  await history.atOnce(await prepare(atOnce), random);
  await history.inTurn(await prepare(after), random);
  return history;
}

async function expectOrder(run: Run): Promise<readonly RecordedCall<ServiceCall>[]> {
  const { calls } = await record(run);
  const order = findOrder(calls, serviceModel(run.handlers));
  if (!order) throw new Error(`No order of these calls comes to this:\n${calls.map(describeCall).join('\n')}`);
  return order;
}

function describeCall({ begun, ended, input, outcome }: RecordedCall<ServiceCall>): string {
  return `${begun} to ${ended}: ${JSON.stringify(input)} → ${outcome}`;
}

/** A chunk of one letter; behind it `!` for a damaged one, `.` for the last. */
function chunk(handler: string, text: string): ServiceCall {
  return {
    kind: 'chunk',
    handler,
    chunk: /^[A-Z]?/.exec(text)?.[0] ?? '',
    isDamaged: text.includes('!'),
    isLast: text.includes('.'),
  };
}

const commit = (handler: string, document = 'document'): ServiceCall => ({ kind: 'commit', handler, document });
const read = (document = 'document'): ServiceCall => ({ kind: 'read', document });

/** Makes a file of what a handler has, and looks at it. */
const finish = (handler: string): readonly ServiceCall[] => [chunk(handler, '.'), commit(handler), read()];

/** What eight connections send to one handler. */
const ON_ONE_HANDLER: readonly { readonly name: string; readonly chunks: readonly string[] }[] = [
  { name: 'different chunks', chunks: ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'] },
  { name: 'the same chunk', chunks: ['A', 'A', 'A', 'A', 'A', 'A', 'A', 'A'] },
  { name: 'chunks, some of them damaged', chunks: ['A', 'A!', 'A', 'B', 'B!', 'C', 'C', 'B'] },
  { name: 'the same last chunk', chunks: ['A.', 'A.', 'A.', 'A.', 'A.', 'A.', 'A.', 'A.'] },
  { name: 'chunks, some of them the last', chunks: ['A', 'B.', 'C', 'B.', 'D.', 'A!', 'E', 'D.'] },
];

const FULL: readonly string[] = Array.from({ length: 20 }, (_, n) => `handler ${n}`);

/** What commits meet. */
const AGAINST: readonly { readonly name: string; readonly call: ServiceCall }[] = [
  { name: 'the deletion of the handler', call: { kind: 'delete', handler: 'h' } },
  { name: 'the log-out', call: { kind: 'log out' } },
  { name: 'the expiry of the handler', call: { kind: 'expire', handler: 'h' } },
  { name: 'taking the library offline', call: { kind: 'take offline' } },
];

/** A server, and what is done to it past its callers. */
interface Site {
  trust(name: string): Promise<Caller>;
  readonly others: NonNullable<ServiceCallsOptions['others']>;
  bringOnline(): Promise<unknown>;
  /** What the check finds. */
  findings(): Promise<unknown>;
  end(): Promise<void>;
}

/** A handler's time is over. */
async function age(queries: Queries, id: string): Promise<void> {
  await queries
    .updateTable('upload_handlers')
    .set({ used_at: 0 })
    .where('id', '=', id as Guid)
    .execute();
}

async function oneProcess(): Promise<Site> {
  const service = await AssembledService.start({ users: ['anna', 'bert'] });
  return {
    trust: (name) => service.trust(name),
    others: {
      expire: async (id) => {
        await age(service.database.queries, id);
        await service.rooms.uploads.expire();
      },
      takeOffline: () => service.rooms.libraries.takeOffline('Public'),
    },
    bringOnline: () => service.rooms.libraries.bringOnline('Public'),
    findings: () => service.findings(),
    end: () => service.end(),
  };
}

async function twoWorkers(): Promise<Site> {
  const server = await ServerProcess.start(2);
  for (const name of ['anna', 'bert']) await server.command(['user', 'add', name], 'a user\n');
  return {
    trust: (name) => server.trust(name),
    others: {
      expire: (id) => withDatabase(server.data, (queries) => age(queries, id)),
      takeOffline: async () => {
        await server.command(['library', 'offline', 'Public']);
      },
    },
    bringOnline: () => server.command(['library', 'online', 'Public']),
    findings: async () => (await server.command(['check'])).split('\n').slice(1, -1),
    end: () => server.end(),
  };
}

describe.each([
  { server: 'a server of one process', open: oneProcess },
  { server: 'a server of two workers', open: twoWorkers },
])('Of $server every outcome is one that some order of the calls allows,', ({ open }) => {
  let site: Site;
  let reader: Caller;
  let options: Run['options'];

  beforeAll(async () => {
    site = await open();
    reader = await site.trust('bert');
    options = { caller: await site.trust('anna'), reader };
  });

  afterAll(async () => {
    expect(await site.findings()).toEqual([]);
  });

  afterAll(() => site.end());

  describe.each(ON_ONE_HANDLER)('when eight connections send $name to one handler', ({ chunks }) => {
    test.each(SEEDS)('seed $seed', async ({ seed }) => {
      const atOnce = chunks.map((text) => chunk('h', text));
      await expectOrder({ options, random: new Random(seed), handlers: ['h'], atOnce, after: finish('h') });
    });
  });

  test.each(SEEDS)('when twenty commit to one path, seed $seed', async ({ seed }) => {
    const before = FULL.map((handler, n) => chunk(handler, `${String.fromCharCode(65 + n)}.`));
    const atOnce = FULL.map((handler) => commit(handler));
    const random = new Random(seed);
    const order = await expectOrder({ options, random, handlers: FULL, before, atOnce, after: [read()] });
    const numbers = order.flatMap(({ outcome }) => /VersionId=(\d+)/.exec(outcome)?.[1] ?? []);
    expect(numbers).toEqual(FULL.map((_, n) => String(1_000_000 + n)));
  });

  test.each(SEEDS)('when eight commit one upload, to two paths, seed $seed', async ({ seed }) => {
    const before = [chunk('h', 'A'), chunk('h', 'B.')];
    const atOnce = Array.from({ length: 8 }, (_, n) => commit('h', n % 2 === 0 ? 'one' : 'other'));
    const after = [read('one'), read('other')];
    const order = await expectOrder({ options, random: new Random(seed), handlers: ['h'], before, atOnce, after });
    expect(order.filter(({ outcome }) => outcome.includes('VersionId'))).toHaveLength(1);
  });

  describe.each(AGAINST)('when commits meet $name', ({ call }) => {
    afterEach(async () => {
      if (call.kind === 'take offline') await site.bringOnline();
    });

    test.each(SEEDS)('seed $seed', async ({ seed }) => {
      const handlers = ['h', 'i'];
      const before = [chunk('h', 'A'), chunk('h', 'B.'), chunk('i', 'C.')];
      const atOnce = [commit('h'), call, commit('h'), commit('i'), commit('h')];
      const after = call.kind === 'take offline' ? [commit('h'), commit('i')] : [commit('h'), commit('i'), read()];
      const caller = await site.trust('anna');
      const given = { caller, reader, others: site.others };
      await expectOrder({ options: given, random: new Random(seed), handlers, before, atOnce, after });
    });
  });

  test.each(SEEDS)('when chunks meet the deletion of the handler and its commit, seed $seed', async ({ seed }) => {
    const chunks = ['A', 'B', 'B!', 'B.', 'B.'].map((text) => chunk('h', text));
    const atOnce = [...chunks, commit('h'), { kind: 'delete', handler: 'h' } as const];
    const after = [commit('h'), read()];
    await expectOrder({ options, random: new Random(seed), handlers: ['h'], atOnce, after });
  });

  test.each(SEEDS)('when chunks meet the log-out, seed $seed', async ({ seed }) => {
    const chunks = ['A', 'A!', 'B', 'B.'].map((text) => chunk('h', text));
    const atOnce = [...chunks, { kind: 'log out' } as const];
    const given = { caller: await site.trust('anna'), reader };
    const after = [chunk('h', 'C'), read()];
    await expectOrder({ options: given, random: new Random(seed), handlers: ['h'], atOnce, after });
  });
});

test('An order is looked for in vain where there is none', () => {
  const call = (input: ServiceCall, outcome: string, begun: number, ended: number) => ({
    input,
    outcome,
    begun,
    ended,
  });
  const model = serviceModel(['h']);
  const last = 'success=true tryagain=false filehexcrc=';
  const sent = call(chunk('h', '.'), `${last}0`, 1, 2);
  expect(findOrder([sent], model)).toEqual([sent]);
  expect(findOrder([sent, call(commit('h'), 'success=true VersionId=1000000', 3, 4)], model)).toHaveLength(2);
  /* Before the last chunk was begun. */
  expect(findOrder([call(commit('h'), 'success=true VersionId=1000000', -1, 0), sent], model)).toBeUndefined();
  /* Twice, and both the first. */
  const commits = [3, 4].map((begun) => call(commit('h'), 'success=true VersionId=1000000', begun, begun + 9));
  expect(findOrder([sent, ...commits], model)).toBeUndefined();
});
