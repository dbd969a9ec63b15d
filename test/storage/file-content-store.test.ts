import fs from 'node:fs/promises';
import path from 'node:path';
import { FileContentStore } from '../../src/storage/file-content-store.js';
import { ContentMissing } from '../../src/storage/content-store.js';
import { type FileOperations, systemFiles } from '../../src/storage/file-operations.js';
import { StorageFailure } from '../../src/values/failure.js';
import { type Guid, newGuid } from '../../src/values/guid.js';
import { scratchDirectory } from '../support/scratch-directory.js';

/* Removing a content, and what is not found. What else the store does is tested with what uses it. */

const CONTENT = Buffer.from('what somebody staged');

let directory: string;
let id: Guid;

beforeEach(() => {
  directory = scratchDirectory();
  id = newGuid();
});

afterEach(() => fs.rm(directory, { recursive: true }));

const root = (): string => path.join(directory, 'content');
const file = (): string => path.join(root(), id.slice(0, 2), id);

/** A store with a content in it. */
async function stock(files?: FileOperations): Promise<FileContentStore> {
  const store = await FileContentStore.open(root(), files && { files });
  await store.create(id);
  await fs.writeFile(file(), CONTENT);
  return store;
}

test('What is removed is empty for those who have it open', async () => {
  const store = await stock();
  const reader = await store.openReader(id);
  await store.remove(id);
  expect(await reader.read(Buffer.alloc(100), 0)).toBe(0);
  expect(await store.size(id)).toBeUndefined();
  reader.close();
});

test('What is removed and has another name, in a backup, keeps its bytes there', async () => {
  const store = await stock();
  const backup = path.join(directory, 'backup');
  await fs.link(file(), backup);
  await store.remove(id);
  expect(await fs.readFile(backup)).toEqual(CONTENT);
  expect(await store.size(id)).toBeUndefined();
});

test('What cannot be emptied is removed all the same', async () => {
  const store = await stock({ ...systemFiles, empty: () => Promise.reject(new Error('EMFILE')) });
  await store.remove(id);
  expect(await store.size(id)).toBeUndefined();
});

const USES: [string, (store: FileContentStore) => Promise<unknown>][] = [
  ['written', (store) => store.openWriter(id, 0)],
  ['read', (store) => store.openReader(id)],
  ['brought to the disk', (store) => store.sync(id)],
];

test.each(USES)('A content that is not there is missing when it is to be %s', async (_use, use) => {
  const store = await stock();
  await store.remove(id);
  await expect(use(store)).rejects.toThrow(ContentMissing);
});

test.each<(typeof USES)[number]>([...USES, ['removed', (store) => store.remove(id)]])(
  'A content is not missing because all contents are away for a while, when it is to be %s',
  async (_use, use) => {
    const store = await stock();
    await fs.rename(root(), `${root()}.away`);
    await expect(use(store)).rejects.toThrow(StorageFailure);
    await fs.rename(`${root()}.away`, root());
    expect(await store.size(id)).toBe(CONTENT.length);
  },
);

test('A content is not missing because all contents have been away for a moment', async () => {
  const store = await stock();
  let isAway = false;
  const flickering = await FileContentStore.open(root(), {
    files: {
      ...systemFiles,
      open: (...args) => {
        if (!isAway) return systemFiles.open(...args);
        isAway = false;
        throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
      },
    },
  });
  isAway = true;
  await expect(flickering.openWriter(id, 0)).rejects.toThrow(StorageFailure);
  (await flickering.openWriter(id, 0)).close();
  expect(await store.size(id)).toBe(CONTENT.length);
});
