import { Random } from '../fuzz/random.js';
import { AssembledService } from '../support/assembled-service.js';
import type { Caller } from '../support/caller.js';
import { findOrder } from '../support/histories/find-order.js';
import { History, type RecordedCall } from '../support/histories/history.js';
import { ServiceCalls, type ServiceCallsOptions } from '../support/histories/service-calls.js';
import { type ServiceCall, serviceModel } from '../support/histories/service-model.js';
import { ServerProcess } from '../support/server-process.js';

/*
 * Many calls at once, over connections of their own, their bytes arriving by turns as a seed will have it. What came of each is written down, and
 * then an order is looked for in which calls made one after the other would have come to the same. There must be one.
 *
 * `HISTORIES=200 npm test -- test/service/histories` tries so many seeds of each kind.
 */
const SEEDS = Array.from({ length: Number(process.env['HISTORIES'] ?? 5) }, (_, n) => ({ seed: 1000 + n }));

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

describe('Every outcome is one that some order of the calls allows', () => {
  let service: AssembledService;
  let anna: Caller;
  let reader: Caller;

  beforeAll(async () => {
    service = await AssembledService.start({ users: ['anna', 'bert'] });
    anna = await service.trust('anna');
    reader = await service.trust('bert');
  });

  afterAll(async () => {
    expect(await service.findings()).toEqual([]);
    await service.end();
  });

  /** A handler's time is over, and the server looks for such. */
  async function expire(id: string): Promise<void> {
    const { queries } = service.database;
    await queries
      .updateTable('upload_handlers')
      .set({ used_at: 0 })
      .where('id', '=', id as never)
      .execute();
    await service.rooms.uploads.expire();
  }

  const others: ServiceCallsOptions['others'] = {
    expire,
    takeOffline: () => service.rooms.libraries.takeOffline('Public'),
  };

  describe.each(ON_ONE_HANDLER)('when eight connections send $name to one handler', ({ chunks }) => {
    test.each(SEEDS)('seed $seed', async ({ seed }) => {
      const atOnce = chunks.map((text) => chunk('h', text));
      const run = { options: { caller: anna, reader }, random: new Random(seed), handlers: ['h'], atOnce };
      await expectOrder({ ...run, after: finish('h') });
    });
  });

  test.each(SEEDS)('when twenty commit to one path, seed $seed', async ({ seed }) => {
    const before = FULL.map((handler, n) => chunk(handler, `${String.fromCharCode(65 + n)}.`));
    const atOnce = FULL.map((handler) => commit(handler));
    const run = { options: { caller: anna, reader }, random: new Random(seed), handlers: FULL };
    const order = await expectOrder({ ...run, before, atOnce, after: [read()] });
    const numbers = order.flatMap(({ outcome }) => /VersionId=(\d+)/.exec(outcome)?.[1] ?? []);
    expect(numbers).toEqual(FULL.map((_, n) => String(1_000_000 + n)));
  });

  test.each(SEEDS)('when eight commit one upload, to two paths, seed $seed', async ({ seed }) => {
    const atOnce = Array.from({ length: 8 }, (_, n) => commit('h', n % 2 === 0 ? 'one' : 'other'));
    const run = { options: { caller: anna, reader }, random: new Random(seed), handlers: ['h'] };
    const order = await expectOrder({
      ...run,
      before: [chunk('h', 'A'), chunk('h', 'B.')],
      atOnce,
      after: [read('one'), read('other')],
    });
    expect(order.filter(({ outcome }) => outcome.includes('VersionId'))).toHaveLength(1);
  });

  /** What a commit, and the last chunk before it, meets. */
  const AGAINST: readonly { readonly name: string; readonly call: ServiceCall }[] = [
    { name: 'the deletion of the handler', call: { kind: 'delete', handler: 'h' } },
    { name: 'the log-out', call: { kind: 'log out' } },
    { name: 'the expiry of the handler', call: { kind: 'expire', handler: 'h' } },
    { name: 'taking the library offline', call: { kind: 'take offline' } },
  ];

  describe.each(AGAINST)('when commits meet $name', ({ call }) => {
    let caller: Caller;

    beforeEach(async () => {
      caller = await service.trust('anna');
    });

    afterEach(() => service.rooms.libraries.bringOnline('Public'));

    test.each(SEEDS)('seed $seed', async ({ seed }) => {
      const atOnce = [
        commit('h'),
        call,
        commit('h'),
        commit('i'),
        ...(call.kind === 'expire' ? [] : [chunk('h', 'B.')]),
      ];
      const run = { options: { caller, reader, others }, random: new Random(seed), handlers: ['h', 'i'], atOnce };
      const before = [chunk('h', 'A'), chunk('h', 'B.'), chunk('i', 'C.')];
      const history = await expectOrder({ ...run, before, after: [commit('h'), commit('i')] });
      expect(history).toHaveLength(before.length + atOnce.length + 2);
    });
  });

  test.each(SEEDS)('when chunks meet the deletion of the handler and its commit, seed $seed', async ({ seed }) => {
    const atOnce = [
      ...['A', 'B', 'B!', 'B.', 'B.'].map((text) => chunk('h', text)),
      commit('h'),
      { kind: 'delete', handler: 'h' } as const,
    ];
    const run = { options: { caller: anna, reader }, random: new Random(seed), handlers: ['h'], atOnce };
    await expectOrder({ ...run, after: [commit('h'), read()] });
  });

  test.each(SEEDS)('when chunks meet the log-out, seed $seed', async ({ seed }) => {
    const caller = await service.trust('anna');
    const atOnce = [...['A', 'A!', 'B', 'B.'].map((text) => chunk('h', text)), { kind: 'log out' } as const];
    const run = { options: { caller, reader }, random: new Random(seed), handlers: ['h'], atOnce };
    await expectOrder({ ...run, after: [chunk('h', 'C'), read()] });
  });
});

describe('Every outcome is one that some order of the calls allows, of calls to two workers,', () => {
  let server: ServerProcess;
  let anna: Caller;

  beforeAll(async () => {
    server = await ServerProcess.start(2);
    await server.command(['user', 'add', 'anna'], 'a user\n');
    anna = await server.trust('anna');
  });

  afterAll(() => server.end());

  describe.each(ON_ONE_HANDLER)('when eight connections send $name to one handler', ({ chunks }) => {
    test.each(SEEDS)('seed $seed', async ({ seed }) => {
      const atOnce = chunks.map((text) => chunk('h', text));
      const run = { options: { caller: anna, reader: anna }, random: new Random(seed), handlers: ['h'], atOnce };
      await expectOrder({ ...run, after: finish('h') });
    });
  });

  test.each(SEEDS)('when twenty commit to one path, seed $seed', async ({ seed }) => {
    const before = FULL.map((handler, n) => chunk(handler, `${String.fromCharCode(65 + n)}.`));
    const run = { options: { caller: anna, reader: anna }, random: new Random(seed), handlers: FULL };
    await expectOrder({ ...run, before, atOnce: FULL.map((handler) => commit(handler)), after: [read()] });
  });

  test.each(SEEDS)('when chunks meet the deletion of the handler and its commit, seed $seed', async ({ seed }) => {
    const chunks = ['A', 'B', 'B!', 'B.', 'B.'].map((text) => chunk('h', text));
    const atOnce = [...chunks, commit('h'), { kind: 'delete', handler: 'h' } as const];
    const run = { options: { caller: anna, reader: anna }, random: new Random(seed), handlers: ['h'], atOnce };
    await expectOrder({ ...run, after: [commit('h'), read()] });
  });
});
