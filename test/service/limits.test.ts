import crypto from 'node:crypto';
import { answer, refused, valueOf } from '../support/answer.js';
import type { Caller } from '../support/caller.js';
import { RunningService, type SettingTexts, USER_PASSWORD } from '../support/running-service.js';

/* What one user may take. Limits are small here; their texts name them. */

let service: RunningService;
let anna: Caller;
let bert: Caller;

async function startWith(settings: SettingTexts): Promise<void> {
  service = await RunningService.start(settings);
  for (const name of ['anna', 'bert']) await service.command(['user', 'add', name], `${USER_PASSWORD}\n`);
  anna = await service.trust('anna');
  bert = await service.trust('bert');
}

afterEach(() => service.end());

const BYTES = Buffer.from('ten bytes.');
const TAKEN = answer('root', { success: 'true', tryagain: 'false' });
const chunkRefused = (error: string): unknown => answer('root', { success: 'false', tryagain: 'false', error });

test('Handlers are limited, upload and download together, over all sessions of the user', async () => {
  const error = 'You have 3 handlers open, which is the most a user may have. Delete handlers or commit uploads first.';
  await startWith({ maxHandlers: '3' });
  await anna.store('/Public/a.txt', BYTES);
  const upload = await anna.upload(BYTES);
  await anna.openDownload('/Public/a.txt');
  const elsewhere = await service.trust('anna');
  const zip = { Paths: '/Public/a.txt', partialResult: false };
  const opened = valueOf(await elsewhere.call('DownloadZipWithHandler', zip), 'downloadhandler');

  expect(await elsewhere.call('CreateUploadHandler')).toEqual(refused('response', error));
  expect(await anna.call('GetDownloadHandler', { Path: '/Public/a.txt' })).toEqual(refused('response', error));
  expect(await anna.call('DownloadZipWithHandler', zip)).toEqual(refused('Response', error));
  const nothing = { Paths: '/Public/none.txt', partialResult: false };
  expect(await anna.call('DownloadZipWithHandler', nothing)).toEqual(refused('Response', error));
  await bert.openUpload();

  await anna.commit(upload, '/Public/b.txt');
  await anna.openUpload();
  expect(await anna.call('CreateUploadHandler')).toEqual(refused('response', error));
  await elsewhere.call('DeleteDownloadHandler', { DownloadHandler: opened });
  await anna.openUpload();
  expect(await service.command(['check'])).toBe('All content is there and right, and there is no other.\n');
});

test('Staged bytes are limited, over all uploads of the user, until some are committed or deleted', async () => {
  const error =
    'Your uploads take 20 bytes or more, which is the most a user may stage. Commit or delete uploads first.';
  await startWith({ maxStagedBytes: '20' });
  const [first, second, third] = [await anna.openUpload(), await anna.upload(BYTES), await anna.openUpload()];
  expect(await anna.sendChunk(first, BYTES)).toEqual(TAKEN);
  expect(await anna.sendChunk(first, BYTES)).toEqual(chunkRefused(error));
  expect(await anna.sendChunk(third, BYTES)).toEqual(chunkRefused(error));
  expect(valueOf(await anna.sendChunk(second, BYTES, { isLast: true }), 'success')).toBe('true');
  expect(await bert.sendChunk(await bert.openUpload(), BYTES)).toEqual(TAKEN);

  await anna.commit(second, '/Public/a.txt');
  expect(await anna.sendChunk(third, BYTES)).toEqual(TAKEN);
  expect(await anna.sendChunk(first, BYTES)).toEqual(chunkRefused(error));
  await anna.call('DeleteUploadHandler', { UploadHandler: third });
  expect(await anna.sendChunk(first, BYTES)).toEqual(TAKEN);
});

test('Zips count as staged, while they are written and as long as they are there', async () => {
  const error =
    'Your uploads and zips take more than 1000 bytes, which is the most a user may stage. ' +
    'Commit uploads or delete handlers first.';
  await startWith({ maxStagedBytes: '1000' });
  await anna.store('/Public/a.bin', crypto.randomBytes(600));
  await anna.store('/Public/b.bin', crypto.randomBytes(600));
  const zip = (Paths: string) => anna.call('DownloadZipWithHandler', { Paths });
  expect(await zip('/Public')).toEqual(refused('Response', error));
  const handler = valueOf(await zip('/Public/a.bin'), 'downloadhandler');
  expect(await zip('/Public/b.bin')).toEqual(refused('Response', error));
  expect(valueOf(await bert.call('DownloadZipWithHandler', { Paths: '/Public/b.bin' }), 'success')).toBe('true');
  await anna.call('DeleteDownloadHandler', { DownloadHandler: handler });
  await anna.sendChunk(await anna.openUpload(), crypto.randomBytes(500));
  expect(await zip('/Public/b.bin')).toEqual(refused('Response', error));
  expect(await service.command(['check'])).toBe('All content is there and right, and there is no other.\n');
});

test('An upload in chunks is refused the chunk that makes it too large; a smaller one may take its place', async () => {
  const error = 'The document is larger than 15 bytes, which is the most an upload may have.';
  await startWith({ maxUploadSize: '15' });
  const handler = await anna.openUpload();
  expect(await anna.sendChunk(handler, BYTES)).toEqual(TAKEN);
  expect(await anna.sendChunk(handler, BYTES, { isLast: true })).toEqual(chunkRefused(error));
  expect(valueOf(await anna.sendChunk(handler, Buffer.from('five.'), { isLast: true }), 'success')).toBe('true');
  await anna.commit(handler, '/Public/a.txt');
  expect(String(await anna.download('/Public/a.txt'))).toBe('ten bytes.five.');
});

test('Calls are limited for each user; a document in one call is one', async () => {
  const error = 'Too many calls: a user may make 1 in a second. Try again in a moment.';
  await startWith({ maxCallRate: '1' });
  await anna.store('/Public/a.txt', BYTES);
  const answers = await Promise.all(Array.from({ length: 20 }, () => bert.call('FolderExists', { Path: '/Public' })));
  expect(answers).toContainEqual(answer('response', { success: 'true' }));
  expect(answers).toContainEqual(refused('response', error));
});
