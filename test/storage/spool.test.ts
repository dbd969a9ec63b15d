import fs from 'node:fs/promises';
import { systemFiles } from '../../src/storage/file-operations.js';
import { FreeSpace } from '../../src/storage/free-space.js';
import { Spool } from '../../src/storage/spool.js';
import { scratchDirectory } from '../support/scratch-directory.js';

const MIB = 1024 * 1024;

let directory: string;

beforeEach(() => {
  directory = scratchDirectory();
});

afterEach(() => fs.rm(directory, { recursive: true }));

test('What waits at a time has a limit; what is closed waits no more', async () => {
  const spool = new Spool(directory, { most: 10 });
  const [first, second] = [await spool.open(), await spool.open()];
  await first.write(Buffer.alloc(6));
  expect(() => second.write(Buffer.alloc(5))).toThrow('Too much content waits for its ticket.');
  await second.write(Buffer.alloc(4));
  first.close();
  await second.write(Buffer.alloc(6));
  second.close();
});

test('What comes after the close is refused, and takes no room from others', async () => {
  const spool = new Spool(directory, { most: 10 });
  const [left, other] = [await spool.open(), await spool.open()];
  await left.write(Buffer.alloc(6));
  left.close();
  expect(() => left.write(Buffer.alloc(6))).toThrow('The content put aside is gone.');
  await other.write(Buffer.alloc(10));
  other.close();
});

test('While content comes it is seen whether the disk gets full', async () => {
  let free = 1000;
  const space = new FreeSpace({ least: 1000, look: () => Promise.resolve(free), now: () => 0 });
  const content = await new Spool(directory, { space }).open();
  free = 999;
  await content.write(Buffer.alloc(4 * MIB));
  await expect(content.write(Buffer.alloc(4 * MIB))).rejects.toThrow('nearly full');
  content.close();
});

test('A disk that fails is told of at once, and is not looked at for what was not written', async () => {
  let looks = 0;
  const space = new FreeSpace({ least: 1000, look: () => Promise.resolve((looks++, 2000)), now: () => 0 });
  const files = {
    ...systemFiles,
    write: () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    },
  };
  const content = await new Spool(directory, { space, files }).open();
  const before = looks;
  expect(() => content.write(Buffer.alloc(16 * MIB))).toThrow('The content could not be put aside.');
  expect(looks).toBe(before);
  content.close();
});
