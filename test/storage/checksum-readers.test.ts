import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { ChecksumReaders } from '../../src/storage/checksum-readers.js';
import type { ContentReader } from '../../src/storage/content-store.js';
import { FileContentStore } from '../../src/storage/file-content-store.js';
import { type FileOperations, systemFiles } from '../../src/storage/file-operations.js';
import { crc32 } from '../../src/values/crc32.js';
import { newGuid } from '../../src/values/guid.js';
import { scratchDirectory } from '../support/scratch-directory.js';

const MIB = 1024 * 1024;

const BYTES = randomBytes(12 * MIB + 1);
const CONTENT = newGuid();

let directory: string;
let contents: FileContentStore;
let reader: ContentReader;
/** Bytes that were read. */
let read = 0;

beforeAll(async () => {
  directory = scratchDirectory();
  const files: FileOperations = {
    ...systemFiles,
    read: (file, buffer, position) => {
      const count = systemFiles.read(file, buffer, position);
      read += count;
      return count;
    },
  };
  contents = await FileContentStore.open(path.join(directory, 'content'), { files });
  await contents.create(CONTENT);
  const writer = await contents.openWriter(CONTENT, 0);
  await writer.write(BYTES);
  writer.close();
  reader = await contents.openReader(CONTENT);
});

afterAll(async () => {
  reader.close();
  await fs.rm(directory, { recursive: true });
});

const READING = { group: 'anna' };

test('The checksum of a range is that of its bytes; a content that ends before has none', async () => {
  const readers = new ChecksumReaders(1);
  expect(await readers.range(reader, 5, MIB, READING)).toBe(crc32(BYTES.subarray(5, 5 + MIB)));
  expect(await readers.range(reader, 5, 0, READING)).toBe(0);
  expect(await readers.content(contents, CONTENT, BYTES.length, READING)).toBe(crc32(BYTES));
  expect(await readers.content(contents, CONTENT, BYTES.length + 1, READING)).toBeUndefined();
});

test('Who reads much is in nobody’s way but their own', async () => {
  const readers = new ChecksumReaders(2);
  const order: string[] = [];
  const all = [...Array<string>(20).fill('anna'), 'bert'].map(async (group) => {
    await readers.range(reader, 0, 4 * MIB, { group });
    order.push(group);
  });
  await Promise.all(all);
  expect(order).toHaveLength(21);
  expect(order.indexOf('bert')).toBeLessThan(5);
});

test('Nothing is read for who has left before their turn', async () => {
  const readers = new ChecksumReaders(1);
  const left = new AbortController();
  read = 0;
  const first = readers.range(reader, 0, 4 * MIB, READING);
  const others = Array.from({ length: 10 }, () =>
    readers.range(reader, 0, 4 * MIB, { ...READING, caller: { gone: left.signal } }),
  );
  left.abort(new Error('left'));
  for (const outcome of await Promise.allSettled(others))
    expect(outcome).toMatchObject({ reason: left.signal.reason as unknown });
  await first;
  await readers.range(reader, 0, 1, READING);
  expect(read).toBe(4 * MIB + 1);
});

test('What is read for who leaves meanwhile is not read to its end', async () => {
  const readers = new ChecksumReaders(1);
  const left = new AbortController();
  read = 0;
  const reading = readers.content(contents, CONTENT, BYTES.length, { ...READING, caller: { gone: left.signal } });
  left.abort(new Error('left'));
  await expect(reading).rejects.toThrow('left');
  expect(read).toBe(MIB);
  expect(await readers.range(reader, 0, 1, READING)).toBe(crc32(BYTES.subarray(0, 1)));
});
