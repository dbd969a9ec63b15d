import fs from 'node:fs/promises';
import path from 'node:path';
import { DataDirectory } from '../../src/storage/data-directory.js';
import { scratchDirectory } from '../support/scratch-directory.js';

let parent: string;

beforeEach(() => {
  parent = scratchDirectory();
});

afterEach(() => fs.rm(parent, { recursive: true }));

/** Makes a data directory as others would: open to everybody. */
async function open(...names: string[]): Promise<DataDirectory> {
  const root = path.join(parent, 'data');
  await fs.mkdir(root);
  await fs.chmod(root, 0o755);
  for (const name of names) await fs.writeFile(path.join(root, name), '');
  return new DataDirectory(root);
}

const modeOf = async ({ root }: DataDirectory): Promise<number> => (await fs.stat(root)).mode & 0o777;

test.each([
  ['that is empty', []],
  ['of a server before', ['lighterage.sqlite', 'lighterage.sqlite-wal', 'server.lock', 'content', 'content.aside']],
  ['that is a file system of its own', ['lost+found']],
])('A data directory %s that others may look into is shut', async (_which, names) => {
  const directory = await open(...names);
  expect(directory.keepPrivate()).toBe(true);
  expect(await modeOf(directory)).toBe(0o700);
});

test('A directory that holds other things is left as it is, and told of', async () => {
  const directory = await open('lighterage.sqlite', 'letter.txt');
  expect(directory.keepPrivate()).toBe(false);
  expect(await modeOf(directory)).toBe(0o755);
});

test('A directory the server makes itself is shut from the beginning', async () => {
  const directory = new DataDirectory(path.join(parent, 'new'));
  expect(await modeOf(directory)).toBe(0o700);
  expect(directory.keepPrivate()).toBe(true);
});
