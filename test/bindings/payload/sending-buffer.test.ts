import { BufferPool, type PooledBuffer } from '../../../src/bindings/payload/buffer-pool.js';
import { MemoryBudget } from '../../../src/bindings/payload/memory-budget.js';
import { SendingBuffer } from '../../../src/bindings/payload/sending-buffer.js';
import { eventually } from '../../support/eventually.js';

const ADDRESS = '192.0.2.1';

const KIB = 1024;
const SIZE = 256 * KIB;

let budget: MemoryBudget;
let pool: BufferPool;
let sending: SendingBuffer;

beforeEach(() => {
  budget = new MemoryBudget(8 * SIZE);
  pool = new BufferPool(budget, SIZE);
  sending = new SendingBuffer(pool);
});

afterEach(() => sending.release());

test('who takes every piece as it comes is sent large ones, from one buffer', async () => {
  const buffer = sending.next();
  expect(buffer).toHaveLength(SIZE);
  await sending.send(buffer, () => undefined);
  expect(sending.next()).toBe(buffer);
  expect(budget.used).toBe(SIZE);
  sending.release();
  expect(budget.used).toBe(0);
});

test('who does not take a piece keeps no buffer of the pool, and is sent small pieces after it', async () => {
  const taken = await sendSlowly();
  expect(budget.used).toBe(0);
  const others = Array.from({ length: 8 }, () => pool.acquire(ADDRESS) as PooledBuffer);
  expect(others.map(({ bytes }) => bytes)).not.toContain(taken);
  expect(sending.next()).toHaveLength(16 * KIB);
  expect(sending.next()).not.toBe(taken);
});

test('who was held up for a moment is sent large pieces again, after a large one went in small ones', async () => {
  await sendSlowly();
  for (let sent = 0; sent < SIZE; sent += 16 * KIB) {
    const piece = sending.next();
    expect(piece).toHaveLength(16 * KIB);
    await sending.send(piece, () => undefined);
  }
  expect(sending.next()).toHaveLength(SIZE);
});

test('without a buffer in the pool nobody waits: the pieces are small until there is one', async () => {
  const others = Array.from({ length: 8 }, () => pool.acquire(ADDRESS) as PooledBuffer);
  const small = sending.next();
  expect(small).toHaveLength(16 * KIB);
  await sending.send(small, () => undefined);
  others[0]?.release();
  expect(sending.next()).toHaveLength(SIZE);
});

test('who is done with a piece makes room for who waits for a buffer', async () => {
  sending.next();
  const others = Array.from({ length: 7 }, () => pool.acquire(ADDRESS) as PooledBuffer);
  const waiting = pool.acquire(ADDRESS);
  expect(sending.next()).toHaveLength(16 * KIB);
  (await waiting).release();
  others.forEach((other) => other.release());
  expect(sending.next()).toHaveLength(SIZE);
});

test('others get a turn while a reader takes every piece at once', async () => {
  let hadTurn = false;
  setImmediate(() => (hadTurn = true));
  for (let sent = 0; sent < 2 * KIB * KIB; sent += SIZE) {
    expect(hadTurn).toBe(false);
    await sending.send(sending.next(), () => undefined);
  }
  expect(hadTurn).toBe(true);
});

test('a piece that cannot be sent is told of, and the buffer is given back', async () => {
  const broken = () => Promise.reject(new Error('broken pipe'));
  await expect(sending.send(sending.next(), broken)).rejects.toThrow('broken pipe');
  sending.release();
  expect(budget.used).toBe(0);
});

/** Sends a piece that is taken only after its buffer was forsaken. */
async function sendSlowly(): Promise<Buffer> {
  const piece = sending.next();
  let take: () => void = () => undefined;
  const sent = sending.send(piece, () => new Promise<void>((resolve) => (take = resolve)));
  await eventually(
    () => Promise.resolve(budget.used),
    (used) => used === 0,
  );
  take();
  await sent;
  return piece;
}
