import { setImmediate } from 'node:timers/promises';
import { BufferPool, type PooledBuffer } from '../../../src/bindings/payload/buffer-pool.js';
import { type Lease, MemoryBudget } from '../../../src/bindings/payload/memory-budget.js';

const ADDRESS = '192.0.2.1';

/** For whoever wants the lease and no more. */
const itself = (lease: Lease): Lease => lease;

test('a buffer that was given back is the next one that is handed out', () => {
  const budget = new MemoryBudget(1000);
  const pool = new BufferPool(budget, 100);
  const first = pool.acquire(ADDRESS) as PooledBuffer;
  expect(first.bytes).toHaveLength(100);
  expect(budget.used).toBe(100);
  first.release();
  expect(budget.used).toBe(0);
  const second = pool.acquire(ADDRESS) as PooledBuffer;
  expect(second.bytes).toBe(first.bytes);
});

test('a buffer that is given back twice is handed out once', () => {
  const pool = new BufferPool(new MemoryBudget(1000), 100);
  const first = pool.acquire(ADDRESS) as PooledBuffer;
  first.release();
  first.release();
  const [a, b] = [pool.acquire(ADDRESS) as PooledBuffer, pool.acquire(ADDRESS) as PooledBuffer];
  expect(a.bytes).not.toBe(b.bytes);
});

test('when the budget is used up the next caller waits, and gets the very buffer that is given back', async () => {
  const budget = new MemoryBudget(250);
  const pool = new BufferPool(budget, 100);
  const first = pool.acquire(ADDRESS) as PooledBuffer;
  const second = pool.acquire(ADDRESS) as PooledBuffer;
  const waiting = pool.acquire(ADDRESS);
  expect(waiting).toBeInstanceOf(Promise);
  second.release();
  expect((await waiting).bytes).toBe(second.bytes);
  expect(budget.used).toBe(200);
  first.release();
  expect(budget.used).toBe(100);
});

test('idle buffers make room for what others need', async () => {
  const budget = new MemoryBudget(300);
  const pool = new BufferPool(budget, 100);
  const buffers = [pool.acquire(ADDRESS), pool.acquire(ADDRESS), pool.acquire(ADDRESS)] as PooledBuffer[];
  const lease = budget.acquire(150, itself, ADDRESS);
  buffers.forEach((buffer) => buffer.release());
  await lease;
  expect(budget.used).toBe(150);
  expect(pool.idleBytes).toBe(100);
  const other = budget.acquire(150, itself, ADDRESS) as Lease;
  expect(pool.idleBytes).toBe(0);
  expect(budget.used).toBe(300);
  other.release();
});

test('a buffer whose room goes to somebody else is not kept', async () => {
  const budget = new MemoryBudget(150);
  const pool = new BufferPool(budget, 100);
  const buffer = pool.acquire(ADDRESS) as PooledBuffer;
  const waiting = budget.acquire(60, itself, ADDRESS);
  buffer.release();
  (await waiting).release();
  expect(pool.idleBytes).toBe(0);
  expect((pool.acquire(ADDRESS) as PooledBuffer).bytes).not.toBe(buffer.bytes);
});

test('two pools of one budget take turns and never hold more than it has', async () => {
  const budget = new MemoryBudget(1000);
  const pools = [new BufferPool(budget, 300), new BufferPool(budget, 170)] as const;
  let served = 0;
  const use = async (n: number): Promise<void> => {
    const buffer = await (n % 3 === 0 ? pools[0] : pools[1]).acquire(ADDRESS);
    expect(budget.used + pools[0].idleBytes + pools[1].idleBytes).toBeLessThanOrEqual(1000);
    buffer.bytes.fill(n);
    for (let turn = 0; turn < n % 4; turn++) await setImmediate();
    expect(buffer.bytes.every((byte) => byte === n)).toBe(true);
    served++;
    buffer.release();
  };
  await Promise.all(Array.from({ length: 60 }, (_, n) => use(n)));
  expect(served).toBe(60);
  expect(budget.used).toBe(0);
  expect(budget.waiting).toBe(0);
});

test('whoever takes a buffer now gets one or none, and does not overtake who waits', async () => {
  const pool = new BufferPool(new MemoryBudget(200), 100);
  const first = pool.takeNow();
  const second = pool.takeNow();
  expect(second?.bytes).toHaveLength(100);
  expect(pool.takeNow()).toBeUndefined();
  expect(first?.isWanted()).toBe(false);
  const waiting = pool.acquire(ADDRESS);
  expect(first?.isWanted()).toBe(true);
  second?.release();
  expect(pool.takeNow()).toBeUndefined();
  (await waiting).release();
  expect(pool.takeNow()?.bytes).toBe(second?.bytes);
});

test('a forsaken buffer makes room for another at once, and is handed to nobody', async () => {
  const budget = new MemoryBudget(200);
  const pool = new BufferPool(budget, 100);
  const kept = pool.acquire(ADDRESS) as PooledBuffer;
  const forsaken = pool.takeNow();
  const waiting = pool.acquire(ADDRESS);
  forsaken?.forsake();
  const other = await waiting;
  expect(other.bytes).not.toBe(forsaken?.bytes);
  expect(budget.used).toBe(200);
  forsaken?.release();
  forsaken?.release();
  expect(budget.used).toBe(200);
  expect(pool.takeNow()).toBeUndefined();
  kept.release();
  expect(pool.takeNow()?.bytes).toBe(kept.bytes);
});

test('while forsaken buffers take a quarter of the budget, nobody gets one that could be forsaken too', async () => {
  const pool = new BufferPool(new MemoryBudget(800), 100);
  const [first, second] = [pool.takeNow(), pool.takeNow()];
  first?.forsake();
  expect(pool.takeNow()).toBeDefined();
  second?.forsake();
  expect(pool.takeNow()).toBeUndefined();
  const taken = await pool.acquire(ADDRESS);
  expect(taken.isWanted()).toBe(false);
  first?.release();
  expect(pool.takeNow()).toBeDefined();
});
