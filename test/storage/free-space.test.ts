import { FreeSpace } from '../../src/storage/free-space.js';
import { answer, refused, valueOf } from '../support/answer.js';
import { AssembledService } from '../support/assembled-service.js';

const MIB = 1024 * 1024;

const NEARLY_FULL =
  'SystemError: The disk of the server is nearly full. New content is refused until there is space again.';

describe('A disk of which a part is to stay free', () => {
  /** A disk with so much free, bytes; 1000 are to stay so. */
  function disk(): { free: number; time: number; looks: number; space: FreeSpace } {
    const model = { free: 1000, time: 0, looks: 0 };
    const look = (): Promise<number> => {
      model.looks++;
      return Promise.resolve(model.free);
    };
    return Object.assign(model, { space: new FreeSpace({ least: 1000, look, now: () => model.time }) });
  }

  test('takes content as long as that much is free, refuses it then, and takes it when there is space again', async () => {
    const model = disk();
    await model.space.require();
    Object.assign(model, { free: 999, time: 1000 });
    await expect(model.space.require()).rejects.toThrow(NEARLY_FULL);
    Object.assign(model, { free: 1000, time: 2000 });
    await model.space.require();
  });

  test('is looked at once in a second, whoever asks', async () => {
    const model = disk();
    for (const time of [0, 1, 999]) {
      model.time = time;
      await Promise.all([model.space.require(), model.space.require()]);
    }
    expect(model.looks).toBe(1);
    model.time = 1000;
    await model.space.require();
    expect(model.looks).toBe(2);
  });

  test('is looked at again after 8 MiB that were written when it is nearly full, and nothing more is taken until there is space again', async () => {
    const model = disk();
    await model.space.require();
    model.free = 999;
    expect(model.space.wrote(8 * MIB - 1)).toBeUndefined();
    await expect(model.space.wrote(1)).rejects.toThrow(NEARLY_FULL);
    await expect(model.space.wrote(1)).rejects.toThrow(NEARLY_FULL);
    expect(model.looks).toBe(2);
    Object.assign(model, { free: 1000, time: 1000 });
    await model.space.wrote(1);
    expect(model.space.wrote(1)).toBeUndefined();
  });

  test('is looked at less often the more there is of it, but once in a second while content comes', async () => {
    const model = disk();
    model.free = 1000 + 12_800 * MIB;
    await model.space.require();
    expect(model.space.wrote(100 * MIB - 1)).toBeUndefined();
    await model.space.wrote(1);
    expect(model.looks).toBe(2);
    model.time = 999;
    expect(model.space.wrote(1)).toBeUndefined();
    model.time = 1000;
    await model.space.wrote(1);
    expect(model.looks).toBe(3);
  });

  test('that cannot be looked at takes nothing', async () => {
    const space = FreeSpace.of('/there is no such directory', 1);
    await expect(space.require()).rejects.toThrow('SystemError: It could not be found out how much space there is.');
  });

  test('of which nothing is to stay free is not looked at', async () => {
    await FreeSpace.of('/there is no such directory', 0).require();
  });
});

describe('A server with too little space', () => {
  let service: AssembledService;

  beforeAll(async () => {
    service = await AssembledService.start({ users: ['anna'] });
  });

  afterAll(() => service.end());

  test('refuses new content, commits and deletes what it has, and goes on when there is space', async () => {
    const anna = await service.trust('anna');
    const bytes = Buffer.from('some bytes');
    const [complete, begun, unwanted] = [await anna.upload(bytes), await anna.openUpload(), await anna.upload(bytes)];
    await anna.sendChunk(begun, bytes);

    await service.restart({ minFree: String(Number.MAX_SAFE_INTEGER) });
    const chunkRefused = answer('root', { success: 'false', tryagain: 'false', error: NEARLY_FULL });
    expect(await anna.sendChunk(begun, bytes)).toEqual(chunkRefused);
    expect(await anna.sendChunk(begun, bytes, { isLast: true })).toEqual(chunkRefused);
    expect(await anna.call('CreateUploadHandler')).toEqual(refused('response', NEARLY_FULL));
    expect(await anna.call('UploadDocument', { path: '/Public/one.bin', fileContent: bytes })).toEqual(
      refused('root', NEARLY_FULL),
    );
    expect(valueOf(await anna.commit(complete, '/Public/a.bin'), 'success')).toBe('true');
    expect(await anna.download('/Public/a.bin')).toEqual(bytes);
    expect(await anna.call('DownloadZipWithHandler', { Paths: '/Public/a.bin' })).toEqual(
      refused('Response', NEARLY_FULL),
    );
    expect(valueOf(await anna.call('DeleteUploadHandler', { UploadHandler: unwanted }), 'success')).toBe('true');
    expect(await service.findings()).toEqual([]);

    await service.restart({ minFree: '0' });
    expect(valueOf(await anna.sendChunk(begun, bytes, { isLast: true }), 'success')).toBe('true');
    expect(valueOf(await anna.commit(begun, '/Public/b.bin'), 'success')).toBe('true');
    expect(await anna.download('/Public/b.bin')).toEqual(Buffer.concat([bytes, bytes]));
  });
});
