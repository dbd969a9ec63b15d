import fs from 'node:fs/promises';
import path from 'node:path';
import type { User } from '../../src/accounts/user.js';
import { ContentCheck } from '../../src/library/content-check.js';
import type { ContentStore } from '../../src/storage/content-store.js';
import { type Guid, newGuid } from '../../src/values/guid.js';
import type { VersionNumber } from '../../src/values/version-number.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;
let anna: User;

beforeEach(async () => {
  rooms = await openRooms();
  anna = await rooms.users.add({ name: 'anna', password: 'secret' });
  await rooms.libraries.add('Public', 'write');
  await rooms.commit(anna, '/Public/a.txt', {}, Buffer.from('hello'));
  await rooms.commit(anna, '/Public/a.txt', {}, Buffer.from('hello again'));
});

afterEach(() => rooms.close());

const findings = async (contents: ContentStore = rooms.contents): Promise<string[]> => {
  const lines: string[] = [];
  for await (const line of new ContentCheck(rooms.database.queries, contents).findings()) lines.push(line.text);
  return lines;
};

const latestContent = async (): Promise<Guid> => (await rooms.documents.resolve(anna, '~D1')).latest.contentId;
const fileOf = (id: Guid): string => path.join(rooms.contentDirectory, id.slice(0, 2), id);

/** An upload of so many bytes, as the record has it. */
async function upload(bytes: Buffer): Promise<Guid> {
  const { id: sessionId } = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
  const { id } = await rooms.uploads.create(sessionId, 0);
  const content = await rooms.stage(bytes);
  await fs.rename(fileOf(content.id), fileOf(id));
  await rooms.database.queries.deleteFrom('unclaimed_contents').execute();
  const { size, crc32 } = content;
  await rooms.database.queries
    .updateTable('upload_handlers')
    .set({ length: size, crc32 })
    .where('id', '=', id)
    .execute();
  return id;
}

test('Nothing is found where all is well: versions, uploads, downloads, zips, content announced or on its way out', async () => {
  const session = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
  await upload(Buffer.from('staged'));
  const zip = await rooms.stage(Buffer.from('zip'));
  await rooms.downloads.adopt(session.id, { contentId: zip.id, size: zip.size });
  await rooms.downloads.open(session.id, { contentId: await latestContent(), size: 11 });
  await rooms.stage(Buffer.from('announced'));
  await rooms.unclaimed.announce(newGuid());
  await rooms.commit(anna, '/Public/empty.txt', {}, Buffer.alloc(0));
  expect(await findings()).toEqual([]);
});

test('A missing content is found', async () => {
  const id = await latestContent();
  await fs.unlink(fileOf(id));
  expect(await findings()).toEqual([`document 1, version 1.0.1: content ${id} is missing`]);
});

test('A content that was cut is found', async () => {
  const id = await latestContent();
  await fs.truncate(fileOf(id), 10);
  expect(await findings()).toEqual([`document 1, version 1.0.1: content ${id} has 10 bytes instead of 11`]);
});

test('A content with a changed byte is found', async () => {
  const id = await latestContent();
  await fs.writeFile(fileOf(id), 'hello Again');
  expect(await findings()).toEqual([
    `document 1, version 1.0.1: content ${id} has the CRC32 655d743e instead of a49c5b3a`,
  ]);
});

test('Bytes behind the end of what is complete are found', async () => {
  const [version, staged] = [await latestContent(), await upload(Buffer.from('staged'))];
  const zip = await rooms.stage(Buffer.from('zip'));
  const session = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
  await rooms.downloads.adopt(session.id, { contentId: zip.id, size: zip.size });
  for (const id of [version, staged, zip.id]) await fs.appendFile(fileOf(id), 'more');
  await rooms.database.queries
    .updateTable('upload_handlers')
    .set({ is_complete: 1 })
    .where('id', '=', staged)
    .execute();
  expect(await findings()).toEqual([
    `document 1, version 1.0.1: content ${version} has 15 bytes instead of 11`,
    `a staged upload of 6 bytes: content ${staged} has 10 bytes instead of 6`,
    `an open download of 3 bytes: content ${zip.id} has 7 bytes instead of 3`,
  ]);
});

test('Bytes behind the recorded end of an upload that goes on are no finding: nobody reads them', async () => {
  const id = await upload(Buffer.from('staged'));
  await fs.appendFile(fileOf(id), 'more');
  expect(await findings()).toEqual([]);
});

test('A content that no record names is found', async () => {
  const id = newGuid();
  await rooms.contents.create(id);
  expect(await findings()).toEqual([`content ${id} lies in the content store, and no record names it`]);
});

test('A file that is no content is found', async () => {
  const file = path.join(rooms.contentDirectory, 'ab', 'notes.txt');
  await fs.writeFile(file, '');
  expect(await findings()).toEqual(['ab/notes.txt in the content store is no content']);
  await fs.unlink(file);
});

test('A staged upload that lost bytes it was promised is found', async () => {
  const id = await upload(Buffer.from('staged'));
  await fs.truncate(fileOf(id), 5);
  expect(await findings()).toEqual([`a staged upload of 6 bytes: content ${id} has 5 bytes instead of 6`]);
});

test('A staged upload from before an unclean stop is left to the check it gets before it is used again', async () => {
  const id = await upload(Buffer.from('staged'));
  await fs.truncate(fileOf(id), 5);
  await rooms.database.queries.updateTable('server_state').set({ epoch: 2 }).execute();
  expect(await findings()).toEqual([]);
});

test('A zip that lost its content is found', async () => {
  const session = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
  const zip = await rooms.stage(Buffer.from('zip'));
  await rooms.downloads.adopt(session.id, { contentId: zip.id, size: zip.size });
  await fs.unlink(fileOf(zip.id));
  expect(await findings()).toEqual([`an open download of 3 bytes: content ${zip.id} is missing`]);
});

test('Nothing is found while others commit, upload and delete', async () => {
  const session = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
  let running = 4;
  const traffic = Array.from({ length: running }, async (_, n) => {
    for (let round = 0; round < 15; round++) {
      await rooms.commit(anna, `/Public/${n}.txt`, {}, Buffer.from(`${n} ${round}`));
      const { id } = await rooms.uploads.create(session.id, 0);
      await rooms.uploads.discard(session.id, id);
    }
    running--;
  });
  const found: string[] = [];
  do found.push(...(await findings()));
  while (running > 0);
  await Promise.all(traffic);
  expect(found).toEqual([]);
});

describe('A content that goes while the check runs is no finding:', () => {
  /** The store, with something happening after one of its methods has found what it found. */
  const storeWith = (methods: Partial<ContentStore>): ContentStore =>
    new Proxy<ContentStore>(rooms.contents, {
      get: (store, name: keyof ContentStore) => methods[name] ?? store[name].bind(store),
    });

  test('with its record, after it was listed', async () => {
    const { id } = await rooms.stage(Buffer.from('x'));
    const store = storeWith({
      async *list() {
        yield* rooms.contents.list();
        await rooms.unclaimed.remove([id]);
        yield { id };
      },
    });
    expect(await findings(store)).toEqual([]);
  });

  test('with its record, after its file was seen', async () => {
    await rooms.stage(Buffer.from('x'));
    const store = storeWith({
      async size(id) {
        const size = await rooms.contents.size(id);
        await rooms.database.queries.deleteFrom('unclaimed_contents').where('content_id', '=', id).execute();
        return size;
      },
    });
    expect(await findings(store)).toEqual([]);
  });

  test('with its upload handler, after that was read', async () => {
    const id = await upload(Buffer.from('staged'));
    const store = storeWith({
      async size(content) {
        if (content === id) {
          await rooms.database.queries.deleteFrom('upload_handlers').execute();
          await rooms.contents.remove(id);
        }
        return rooms.contents.size(content);
      },
    });
    expect(await findings(store)).toEqual([]);
  });

  test('with its download handler, after that was read', async () => {
    const session = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
    const zip = await rooms.stage(Buffer.from('zip'));
    const handler = await rooms.downloads.adopt(session.id, { contentId: zip.id, size: zip.size });
    const store = storeWith({
      async size(content) {
        if (content === zip.id) await rooms.downloads.discard(session.id, handler);
        return rooms.contents.size(content);
      },
    });
    expect(await findings(store)).toEqual([]);
  });
});

test('Every version of many is checked', async () => {
  const { documentId } = await rooms.commit(anna, '/Public/many.txt');
  const ids = Array.from({ length: 1001 }, () => newGuid());
  await Promise.all(ids.map((id) => rooms.contents.create(id)));
  const rows = ids.map((content_id, n) => ({
    document_id: documentId,
    number: (2_000_000 + n) as VersionNumber,
    content_id,
    size: 0,
    crc32: 0,
    author_id: anna.id,
    comment: '',
    created_at: 0,
    modified_at: 0,
  }));
  await rooms.database.queries.insertInto('versions').values(rows).execute();
  await fs.unlink(fileOf(ids.at(0) ?? newGuid()));
  await fs.unlink(fileOf(ids.at(-1) ?? newGuid()));
  expect(await findings()).toEqual([
    `document 2, version 2.0.0: content ${ids.at(0)} is missing`,
    `document 2, version 2.1.0: content ${ids.at(-1)} is missing`,
  ]);
});
