import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type ContentEncoding, streamContent } from '../../../src/bindings/payload/base64-encoder.js';
import { BufferPool } from '../../../src/bindings/payload/buffer-pool.js';
import { MemoryBudget } from '../../../src/bindings/payload/memory-budget.js';
import type { ContentSource } from '../../../src/contract/result.js';
import { expectSame } from './receivers.js';

const ADDRESS = '192.0.2.1';

/** Content in memory, of which each read gives at most `most` bytes. */
function sourceOf(content: Buffer, most = Infinity): ContentSource {
  return {
    length: content.length,
    read: (buffer, position) =>
      Promise.resolve(content.copy(buffer, 0, position, Math.min(content.length, position + most))),
    close: () => undefined,
  };
}

async function stream(source: ContentSource, encoding: ContentEncoding, size: number): Promise<Buffer> {
  const budget = new MemoryBudget(size);
  const pieces: Buffer[] = [];
  const write = async (bytes: Buffer): Promise<void> => {
    expect(bytes.length).toBeLessThanOrEqual(size);
    await setImmediate();
    pieces.push(Buffer.from(bytes));
  };
  await streamContent(source, write, encoding, new BufferPool(budget, size));
  expect(budget.used).toBe(0);
  return Buffer.concat(pieces);
}

test.each([0, 1, 2, 3, 147_455, 147_456, 147_457, 147_458, 1_000_000])(
  '%i bytes are written as their base64',
  async (length) => {
    const content = randomBytes(length);
    expectSame(await stream(sourceOf(content), 'base64', 192 * 1024), Buffer.from(content.toString('base64')));
  },
);

test.each([0, 1, 196_608, 196_609, 1_000_000])('%i bytes are written as they are', async (length) => {
  const content = randomBytes(length);
  expectSame(await stream(sourceOf(content), 'raw', 192 * 1024), content);
});

test('a whole buffer of base64 is written at a time', async () => {
  const lengths: number[] = [];
  const write = (bytes: Buffer): void => void lengths.push(bytes.length);
  const pool = new BufferPool(new MemoryBudget(1_000_000), 192 * 1024);
  await streamContent(sourceOf(Buffer.alloc(400_000)), write, 'base64', pool);
  expect(lengths).toEqual([196_608, 196_608, 140_120]);
});

test('any content, however little of it each read gives and however small the buffers, is written whole', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 12, max: 200 }),
      async (bytes, most, size) => {
        const content = Buffer.from(bytes);
        expectSame(await stream(sourceOf(content, most), 'base64', size), Buffer.from(content.toString('base64')));
        expectSame(await stream(sourceOf(content, most), 'raw', size), content);
      },
    ),
    { numRuns: 100 },
  );
});

test.each(['base64', 'raw'] as const)('no buffer is held while content is prepared (%s)', async (encoding) => {
  const budget = new MemoryBudget(100);
  const pool = new BufferPool(budget, 100);
  const content = randomBytes(10);
  const prepared: { position: number; used: number }[] = [];
  const pieces: Buffer[] = [];
  const prepare = async (position: number): Promise<void> => {
    prepared.push({ position, used: budget.used });
    const other = await pool.acquire(ADDRESS);
    other.bytes.fill(0);
    other.release();
  };
  const write = (bytes: Buffer): void => void pieces.push(Buffer.from(bytes));
  await streamContent({ ...sourceOf(content, 4), prepare }, write, encoding, pool);
  expect(prepared).toEqual([0, 4, 8].map((position) => ({ position, used: 0 })));
  expectSame(Buffer.concat(pieces), encoding === 'raw' ? content : Buffer.from(content.toString('base64')));
});

test('bytes beyond the announced length are not sent', async () => {
  const source = { ...sourceOf(Buffer.from('abcdefgh')), length: 5 };
  expect((await stream(source, 'base64', 100)).toString()).toBe('YWJjZGU=');
});

test.each(['base64', 'raw'] as const)('content that is shorter than announced is an error (%s)', async (encoding) => {
  const source = { ...sourceOf(Buffer.from('abc')), length: 5 };
  await expect(stream(source, encoding, 100)).rejects.toThrow('The content ended at 3 of 5 bytes.');
});

test('the buffer is given back when the connection breaks, and when the content cannot be read', async () => {
  const budget = new MemoryBudget(100);
  const pool = new BufferPool(budget, 100);
  const broken = () => Promise.reject(new Error('broken pipe'));
  await expect(streamContent(sourceOf(Buffer.alloc(10)), broken, 'base64', pool)).rejects.toThrow('broken pipe');
  const unreadable = { ...sourceOf(Buffer.alloc(10)), read: () => Promise.reject(new Error('disk')) };
  await expect(streamContent(unreadable, () => undefined, 'raw', pool)).rejects.toThrow('disk');
  expect(budget.used).toBe(0);
});
