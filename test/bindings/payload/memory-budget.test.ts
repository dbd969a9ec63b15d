import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { type Lease, MemoryBudget } from '../../../src/bindings/payload/memory-budget.js';

/** Takes bytes of a budget; gives the lease. */
const acquire = (budget: MemoryBudget, bytes: number, address = '192.0.2.1'): Lease | Promise<Lease> =>
  budget.acquire(bytes, (lease) => lease, address);

/** Asks for bytes and notes when they are granted. */
class Caller {
  lease: Lease | undefined;
  readonly done: Promise<void>;

  constructor(budget: MemoryBudget, bytes: number, address?: string) {
    this.done = this.#ask(budget, bytes, address);
  }

  async #ask(budget: MemoryBudget, bytes: number, address?: string): Promise<void> {
    this.lease = await acquire(budget, bytes, address);
  }
}

test('bytes that are there are granted at once, without a promise', () => {
  const budget = new MemoryBudget(100);
  const lease = acquire(budget, 100);
  expect(lease).not.toBeInstanceOf(Promise);
  expect(budget.used).toBe(100);
  (lease as Lease).release();
  expect(budget.used).toBe(0);
});

test('whoever asks for more than is left waits until somebody releases', async () => {
  const budget = new MemoryBudget(100);
  const first = new Caller(budget, 70);
  const second = new Caller(budget, 31);
  await setImmediate();
  expect(budget.waiting).toBe(1);
  expect(second.lease).toBeUndefined();
  first.lease?.release();
  await second.done;
  expect(second.lease).toBeDefined();
  expect(budget.used).toBe(31);
});

test('nobody overtakes: a small request waits behind a large one that came before', async () => {
  const budget = new MemoryBudget(100);
  const holder = new Caller(budget, 50);
  const large = new Caller(budget, 100);
  const small = new Caller(budget, 10);
  await setImmediate();
  expect([large.lease, small.lease]).toEqual([undefined, undefined]);
  holder.lease?.release();
  await large.done;
  expect(small.lease).toBeUndefined();
  large.lease?.release();
  await small.done;
  expect(budget.used).toBe(10);
});

test('those who come from elsewhere do not wait behind all of a crowd from one site', async () => {
  const budget = new MemoryBudget(100);
  const holder = new Caller(budget, 100);
  const crowd = ['2001:db8:1::1', '2001:db8:1::2', '2001:db8:1:2::3'].map(
    (address) => new Caller(budget, 100, address),
  );
  const other = new Caller(budget, 100, '2001:db8:2::1');
  await setImmediate();
  holder.lease?.release();
  await crowd[0]?.done;
  crowd[0]?.lease?.release();
  await other.done;
  expect(crowd.slice(1).map(({ lease }) => lease)).toEqual([undefined, undefined]);
});

test('a lease that is released twice gives its bytes back once', () => {
  const budget = new MemoryBudget(100);
  const lease = acquire(budget, 60) as Lease;
  const other = acquire(budget, 40) as Lease;
  lease.release();
  lease.release();
  expect(budget.used).toBe(40);
  other.release();
  expect(budget.used).toBe(0);
});

test('more than the whole budget is an error, not an endless wait', () => {
  expect(() => acquire(new MemoryBudget(100), 101)).toThrow(RangeError);
});

test('what is idle is not counted as used, and is given up before anybody waits', () => {
  const budget = new MemoryBudget(100);
  const idle = acquire(budget, 80) as Lease;
  const reserve = {
    idleBytes: 80,
    giveUp() {
      this.idleBytes = 0;
      idle.release();
    },
  };
  budget.add(reserve);
  expect(budget.used).toBe(0);
  expect(acquire(budget, 20)).not.toBeInstanceOf(Promise);
  expect(reserve.idleBytes).toBe(80);
  expect(acquire(budget, 50)).not.toBeInstanceOf(Promise);
  expect(budget.used).toBe(70);
});

test('whatever is asked for and given back, the budget is never exceeded and the order is kept', async () => {
  const step = fc.record({
    do: fc.constantFrom('acquire', 'release'),
    bytes: fc.integer({ min: 1, max: 100 }),
    which: fc.nat(50),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const budget = new MemoryBudget(100);
      const callers: { caller: Caller; bytes: number }[] = [];
      const holds = () => callers.filter(({ caller }) => caller.lease !== undefined);
      const waits = () => callers.filter(({ caller }) => caller.lease === undefined);
      const released = new Set<Caller>();
      for (const { do: what, bytes, which } of steps) {
        if (what === 'acquire') {
          callers.push({ caller: new Caller(budget, bytes), bytes });
        } else {
          const holders = holds().filter(({ caller }) => !released.has(caller));
          const holder = holders[which % holders.length]?.caller;
          holder?.lease?.release();
          if (holder) released.add(holder);
        }
        await setImmediate();
        const held = holds().filter(({ caller }) => !released.has(caller));
        const used = held.reduce((sum, { bytes: each }) => sum + each, 0);
        expect(used).toBeLessThanOrEqual(100);
        expect(budget.used).toBe(used);
        expect(budget.waiting).toBe(waits().length);
        const next = waits()[0];
        if (next) expect(used + next.bytes).toBeGreaterThan(100);
      }
    }),
    { numRuns: 60 },
  );
});
