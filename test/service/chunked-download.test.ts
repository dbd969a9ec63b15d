import { randomBytes } from 'node:crypto';
import { type Answer, answer, GUID, matching, refused, valueOf } from '../support/answer.js';
import { BINDINGS, POST } from '../support/bindings.js';
import { type Caller, crc32, exchange } from '../support/caller.js';
import { RunningService } from '../support/running-service.js';
import { zipEntries, zipTimes } from '../support/zip-entries.js';

/* What a download shows, chunk by chunk: the bytes, their checksums, and that they stay what they were when it was opened. */

let service: RunningService;
let anna: Caller;

beforeAll(async () => {
  service = await RunningService.start();
  await service.addUsers('anna', 'bert');
  await service.command(['library', 'add', 'Secret']);
  await service.command(['library', 'add', 'Archive', '--everyone', 'write']);
  anna = await service.trust('anna');
  await (await service.logIn()).store('/Secret/a.txt', Buffer.from('a secret'));
  await anna.store('/Archive/a.txt', Buffer.from('an archived document'));
  await service.command(['library', 'offline', 'Archive']);
});

afterAll(async () => {
  await service.command(['check']);
  await service.end();
});

const HOUR_MS = 60 * 60 * 1000;
const MAX_CHUNK = 33_554_432;
const NO_DOWNLOAD = 'The download handler does not exist or has expired.';

let documents = 0;
/** A path that nothing has. */
const newPath = (): string => `/Public/document ${++documents}.bin`;

/** A checksum as downloads tell it: lower case, 8 digits. */
const lowerCrc32 = (bytes: Buffer): string => crc32(bytes).toString(16).padStart(8, '0');

/** The answer that holds a part of a file. */
function chunk(file: Buffer, offset: number, length: number): Answer {
  const bytes = file.subarray(offset, offset + length);
  return answer(
    'response',
    {
      success: 'true',
      filelength: String(file.length),
      chunklength: String(bytes.length),
      lastchunk: String(offset + bytes.length === file.length),
      chunkCRC32: lowerCrc32(bytes),
    },
    bytes.length === 0 ? [] : [bytes.toString('base64')],
  );
}

/** Reads what a handler shows as the documented loop does, and checks each chunk. */
async function readAll(caller: Caller, handler: string, size: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let offset = 0; ;) {
    const read = await caller.readChunk(handler, offset, size);
    const [content = ''] = read.children;
    const piece = Buffer.from(content as string, 'base64');
    expect([Number(valueOf(read, 'chunklength')), valueOf(read, 'chunkCRC32')]).toEqual([
      piece.length,
      lowerCrc32(piece),
    ]);
    pieces.push(piece);
    offset += piece.length;
    if (valueOf(read, 'lastchunk') === 'true') return Buffer.concat(pieces);
  }
}

/** Bytes whose checksum has fewer than 8 digits. */
const SMALL_CRC =
  Array.from({ length: 4096 }, (_, n) => Buffer.from(`bytes ${n}`)).find((bytes) => crc32(bytes) < 0x0100_0000) ??
  Buffer.alloc(0);

describe('The chunk size', () => {
  beforeAll(async () => {
    await anna.store('/Public/chunk size.txt', Buffer.from('x'));
  });

  test.each([
    [0, 1_048_576],
    [1, 262_144],
    [-1, 262_144],
    [262_143, 262_144],
    [300_000, 300_000],
    [33_554_432, 33_554_432],
    [33_554_433, 33_554_432],
    [2_147_483_647, 33_554_432],
  ])('for a wish of %d is %d', async (wish, size) => {
    const args = { Path: '/Public/chunk size.txt', PreferedChunkSize: wish };
    for (const operation of ['GetDownloadHandler', 'GetDownloadHandlerByVersion']) {
      expect(valueOf(await anna.call(operation, args), 'ChunkSize')).toBe(String(size));
    }
  });
});

describe.each(BINDINGS)('Over $name', (binding) => {
  test('a file comes down in chunks, and in one piece', async () => {
    const caller = anna.over(binding);
    const file = randomBytes(100_003);
    const path = newPath();
    await anna.store(path, file);
    const opened = await caller.call('GetDownloadHandler', { Path: path });
    expect([valueOf(opened, 'Size'), valueOf(opened, 'CRC32')]).toEqual(['100003', lowerCrc32(file)]);
    const handler = valueOf(opened, 'downloadhandler');
    expect(await caller.readChunk(handler, 0, 40_000)).toEqual(chunk(file, 0, 40_000));
    expect(await caller.readChunk(handler, 40_000, 40_000)).toEqual(chunk(file, 40_000, 40_000));
    expect(await caller.readChunk(handler, 80_000, 40_000)).toEqual(chunk(file, 80_000, 20_003));
    expect(await caller.download(path)).toEqual(file);
  });

  test('an empty document is one empty last chunk', async () => {
    const caller = anna.over(binding);
    const empty = Buffer.alloc(0);
    const path = newPath();
    await anna.store(path, empty);
    const opened = await caller.call('GetDownloadHandler', { Path: path });
    expect([valueOf(opened, 'Size'), valueOf(opened, 'CRC32')]).toEqual(['0', '00000000']);
    expect(await caller.readChunk(valueOf(opened, 'downloadhandler'))).toEqual(chunk(empty, 0, 0));
    expect(await caller.download(path)).toEqual(empty);
  });
});

describe('A chunk', () => {
  const file = randomBytes(2_000_000);
  let handler: string;

  beforeAll(async () => {
    const path = newPath();
    await anna.store(path, file);
    handler = await anna.openDownload(path);
  });

  test.each([
    ['from the start', 0, 5, 5],
    ['from the middle, of one byte', 999_999, 1, 1],
    ['of the last byte', 1_999_999, 1, 1],
    ['of the last byte when more is asked for', 1_999_999, 1000, 1],
    ['up to the end', 1_000_000, 1_000_000, 1_000_000],
    ['up to one byte before the end', 1_000_000, 999_999, 999_999],
    ['of everything', 0, MAX_CHUNK, 2_000_000],
    ['of the default size when no size is given', 0, 0, 1_048_576],
  ])('may be read %s', async (_what, offset, size, length) => {
    expect(await anna.readChunk(handler, offset, size)).toEqual(chunk(file, offset, length));
  });

  test('may be read again, and chunks in any order', async () => {
    const offsets = [1_500_000, 0, 500_000, 0];
    const read = await Promise.all(offsets.map((offset) => anna.readChunk(handler, offset, 500_000)));
    expect(read).toEqual(offsets.map((offset) => chunk(file, offset, 500_000)));
  });

  test('has 8 digits of checksum', async () => {
    expect(lowerCrc32(SMALL_CRC)).toMatch(/^00/);
    const path = newPath();
    await anna.store(path, SMALL_CRC);
    expect(await anna.readChunk(await anna.openDownload(path))).toEqual(chunk(SMALL_CRC, 0, SMALL_CRC.length));
    const exists = await anna.call('DocumentExists', { Path: path });
    expect(valueOf(exists, 'CRC32')).toBe(lowerCrc32(SMALL_CRC));
  });

  test('has 33,554,432 bytes at most', async () => {
    const [start, end] = [Buffer.alloc(MAX_CHUNK, 'A document of more than a chunk. '), Buffer.from('the end')];
    const path = newPath();
    await anna.commit(await anna.upload(start, end), path);
    const big = await anna.openDownload(path);
    const args = { authenticationTicket: anna.ticket, DownloadHandler: big, StartOffset: 0, ChunkSize: 2_147_483_647 };
    const { body } = await exchange(service, POST, 'DownloadFileChunk', args);
    const before =
      '<?xml version="1.0" encoding="utf-8"?>\n<response success="true" ' +
      `filelength="${MAX_CHUNK + end.length}" chunklength="${MAX_CHUNK}" lastchunk="false" chunkCRC32="${lowerCrc32(start)}">`;
    expect(body.toString('latin1', 0, before.length)).toBe(before);
    expect(body.equals(Buffer.from(`${before}${start.toString('base64')}</response>`))).toBe(true);
    expect(await anna.readChunk(big, MAX_CHUNK, 1000)).toEqual(chunk(Buffer.concat([start, end]), MAX_CHUNK, 1000));
  });
});

describe('A handler', () => {
  const OLD = Buffer.from('the version the handler was made for');
  const NEW = Buffer.from('a version that came later and is longer than the one before');

  test('shows the version as it was, whatever becomes of the document', async () => {
    const path = newPath();
    await anna.store(path, OLD);
    const handler = await anna.openDownload(path);
    expect(await anna.readChunk(handler, 0, 10)).toEqual(chunk(OLD, 0, 10));
    await anna.commit(await anna.upload(NEW), path);
    expect(await anna.readChunk(handler, 10, 100)).toEqual(chunk(OLD, 10, 100));
    expect(await readAll(anna, handler, 7)).toEqual(OLD);
    expect(await readAll(anna, await anna.openDownload(path), 7)).toEqual(NEW);
  });

  test('shows the version it was asked for', async () => {
    const path = newPath();
    await anna.store(path, OLD);
    await anna.store(path, NEW);
    const open = async (VersionNumber: number): Promise<string> => {
      const opened = await anna.call('GetDownloadHandlerByVersion', { Path: path, VersionNumber });
      expect(valueOf(opened, 'VersionNumber')).toBe(String(VersionNumber));
      return valueOf(opened, 'downloadhandler');
    };
    expect(await readAll(anna, await open(1_000_000), 1000)).toEqual(OLD);
    expect(await readAll(anna, await open(1_000_001), 1000)).toEqual(NEW);
    expect(await readAll(anna, await open(0), 1000)).toEqual(NEW);
  });

  test.each<[string, (path: string) => Promise<string>]>([
    ['is of another user', async (path) => (await service.trust('bert')).openDownload(path)],
    ['is of another session of the user', async (path) => (await service.trust('anna')).openDownload(path)],
    [
      'was deleted',
      async (path) => {
        const handler = await anna.openDownload(path);
        await anna.call('DeleteDownloadHandler', { DownloadHandler: handler });
        return handler;
      },
    ],
    [
      'lay idle for more than 24 hours',
      async (path) => {
        const handler = await anna.openDownload(path);
        await service.database((queries) =>
          queries
            .updateTable('download_handlers')
            .set({ used_at: Date.now() - 24 * HOUR_MS - 1 })
            .where('id', '=', handler as never)
            .execute(),
        );
        return handler;
      },
    ],
    ['never was', () => Promise.resolve('3f2504e0-4f89-11d3-9a0c-0305e82c3301')],
  ])('that %s is not there, and is deleted with success', async (_way, open) => {
    const path = newPath();
    await anna.store(path, OLD);
    const handler = await open(path);
    expect(await anna.readChunk(handler)).toEqual(refused('response', NO_DOWNLOAD));
    for (let again = 0; again < 2; again++) {
      expect(await anna.call('DeleteDownloadHandler', { DownloadHandler: handler })).toEqual(
        answer('response', { success: 'true', error: '' }),
      );
    }
    expect(await anna.download(path)).toEqual(OLD);
  });

  test('of another user is not deleted at all', async () => {
    const path = newPath();
    await anna.store(path, OLD);
    const bert = await service.trust('bert');
    const handler = await bert.openDownload(path);
    await anna.call('DeleteDownloadHandler', { DownloadHandler: handler });
    expect(await readAll(bert, handler, 1000)).toEqual(OLD);
  });

  test('is named in every form of a GUID that .NET reads', async () => {
    const path = newPath();
    await anna.store(path, OLD);
    const handler = await anna.openDownload(path);
    for (const form of [
      handler.toUpperCase(),
      handler.replaceAll('-', ''),
      `{${handler}}`,
      `(${handler})`,
      ` ${handler} `,
    ]) {
      expect(await anna.readChunk(form)).toEqual(chunk(OLD, 0, OLD.length));
    }
  });
});

describe('A right that was taken away', () => {
  const read = async (caller: Caller, handler: string) => (await caller.readChunk(handler)).attributes[0];
  const bytes = Buffer.from('for some');
  let bert: Caller;
  let handler: string;

  beforeAll(async () => {
    await service.command(['library', 'add', 'Some']);
    await service.command(['library', 'grant', 'Some', 'bert', 'write']);
    bert = await service.trust('bert');
    await bert.store('/Some/a.txt', bytes);
    handler = await bert.openDownload('/Some/a.txt');
  });

  test('ends a download with its next chunk, and given back it goes on', async () => {
    expect(await bert.readChunk(handler)).toEqual(chunk(bytes, 0, bytes.length));
    await service.command(['library', 'revoke', 'Some', 'bert']);
    expect(await bert.readChunk(handler)).toEqual(refused('response', 'Access denied.'));
    await service.command(['library', 'grant', 'Some', 'bert', 'read']);
    expect(await read(bert, handler)).toEqual(['success', 'true']);
  });

  test('is not missed by an administrator', async () => {
    const administrator = await service.logIn();
    expect(await read(administrator, await administrator.openDownload('/Some/a.txt'))).toEqual(['success', 'true']);
  });

  test('is something else than a library that went offline: what is being downloaded stays readable', async () => {
    const started = await bert.openDownload('/Some/a.txt');
    await service.command(['library', 'offline', 'Some']);
    expect(await read(bert, started)).toEqual(['success', 'true']);
    expect(await bert.call('GetDownloadHandler', { Path: '/Some/a.txt' })).toEqual(
      refused('response', matching(/offline/)),
    );
  });
});

describe('What is known about a document', () => {
  test.each([
    ['a.pdf', 'application/pdf'],
    ['A.PDF', 'application/pdf'],
    ['a.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    ['a.jpeg', 'image/jpeg'],
    ['archive.tar.gz', 'application/gzip'],
    ['a.unheard-of', 'application/octet-stream'],
    ['README', 'application/octet-stream'],
  ])('is the type by the extension: %s is %s', async (name, type) => {
    await anna.store(`/Public/${name}`, Buffer.from('content'));
    expect(valueOf(await anna.call('GetDownloadInfo', { Path: `/Public/${name}` }), 'ContentType')).toBe(type);
  });

  test('is told without a handler', async () => {
    const path = newPath();
    const id = await anna.store(path, Buffer.from('content'));
    const info = await anna.call('GetDownloadInfo', { Path: `~D${id}.bin` });
    const opened = await anna.call('GetDownloadHandler', { Path: path });
    expect(info.attributes).toEqual(opened.attributes.slice(0, -2));
    expect(opened.attributes.slice(-2).map(([name]) => name)).toEqual(['ChunkSize', 'downloadhandler']);
  });
});

describe('A document in one piece', () => {
  test('is the version asked for, or the latest of a major number', async () => {
    const path = newPath();
    const versions: readonly [number: string, text: string][] = [
      ['1', '1.0.0'],
      ['', '1.0.1'],
      ['2', '2.0.0'],
      ['', '2.0.1'],
      ['10', '10.0.0'],
    ];
    for (const [major, text] of versions) {
      const item = major === '' ? '' : `<item NAME="MPVERSIONMAJOR" VALUE="${major}"/>`;
      const xmlParameters = `<xmlparameters>${item}</xmlparameters>`;
      await anna.call('UploadDocument4', { path, fileContent: Buffer.from(text), xmlParameters });
    }
    const read = async (VersionNumber: number): Promise<[number, string]> => {
      const bytes = await anna.fetchBytes('DownloadDocumentVersion', { Path: path, VersionNumber });
      return [VersionNumber, bytes.toString()];
    };
    expect(
      await Promise.all([0, 1, 2, 3, 10, 1_000_000, 1_000_001, 1_000_002, 2_000_000, 2_000_001].map(read)),
    ).toEqual([
      [0, '10.0.0'],
      [1, '1.0.1'],
      [2, '2.0.1'],
      [3, ''],
      [10, '10.0.0'],
      [1_000_000, '1.0.0'],
      [1_000_001, '1.0.1'],
      [1_000_002, ''],
      [2_000_000, '2.0.0'],
      [2_000_001, '2.0.1'],
    ]);
  });
});

describe('A zip', () => {
  beforeAll(async () => {
    for (const folder of ['/Public/Zip/Reports/2024', '/Public/Zip/Empty', '/Public/Other'])
      await anna.createFolder(folder);
    await anna.store('/Public/Zip/top.txt', Buffer.from('top'));
    await anna.store('/Public/Zip/Reports/Ä é.txt', Buffer.from('accents'));
    await anna.store('/Public/Zip/Reports/2024/Q1.txt', Buffer.from('an old quarter'));
    await anna.store('/Public/Zip/Reports/2024/Q1.txt', Buffer.from('a quarter'));
    await anna.store('/Public/Zip/Reports/2024/nothing.txt', Buffer.alloc(0));
    await anna.store('/Public/Other/TOP.txt', Buffer.from('another top'));
  });

  const open = (Paths: string, partialResult: boolean): Promise<Answer> =>
    anna.call('DownloadZipWithHandler', { Paths, partialResult });

  async function entriesOf(opened: Answer): Promise<[string, string][]> {
    const zip = await readAll(anna, valueOf(opened, 'downloadhandler'), 100);
    return (await zipEntries(zip)).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  const COMPLETE = answer('Response', { success: 'true', downloadhandler: GUID, error: '' });

  test('holds documents, and folders with all below them', async () => {
    const opened = await open('/Public/Zip|/Public/Other/TOP.txt', false);
    expect(opened).toEqual(COMPLETE);
    expect(await entriesOf(opened)).toEqual([
      ['TOP.txt', 'another top'],
      ['Zip/', ''],
      ['Zip/Empty/', ''],
      ['Zip/Reports/', ''],
      ['Zip/Reports/2024/', ''],
      ['Zip/Reports/2024/Q1.txt', 'a quarter'],
      ['Zip/Reports/2024/nothing.txt', ''],
      ['Zip/Reports/Ä é.txt', 'accents'],
      ['Zip/top.txt', 'top'],
    ]);
  });

  test('tells two documents of one name apart', async () => {
    const opened = await open(' /Public/Zip/top.txt | /public/OTHER/top.TXT ', false);
    expect(await entriesOf(opened)).toEqual([
      ['TOP (2).txt', 'another top'],
      ['top.txt', 'top'],
    ]);
  });

  test('takes short paths', async () => {
    const folder = await anna.createFolder('/Public/Zip/Reports');
    const document = await anna.store('/Public/Zip/by number.txt', Buffer.from('by number'));
    const opened = await open(`~F${folder}|~D${document}.txt`, false);
    const paths = (await entriesOf(opened)).map(([path]) => path);
    expect(paths).toEqual(expect.arrayContaining(['Reports/2024/Q1.txt', 'by number.txt']));
  });

  const LEFT_OUT: readonly [what: string, path: string, reason: string][] = [
    ['does not exist', '/Public/Zip/none.txt', 'Document not found.'],
    ['may not be read', '/Secret/a.txt', 'Document not found.'],
    ['is in a library that may not be read', '/Secret', 'Document not found.'],
    ['is offline', '/Archive/a.txt', matching(/offline/)],
    ['is in an offline library', '/Archive', matching(/offline/)],
  ];

  test.each(LEFT_OUT)('that is strict fails for a path that %s', async (_what, path, reason) => {
    const contents = () =>
      service.database((queries) => queries.selectFrom('download_handlers').select('id').execute());
    const before = await contents();
    const answered = await open(`/Public/Zip/top.txt|${path}`, false);
    expect(answered).toEqual(refused('Response', matching(new RegExp(`^${path}: `))));
    if (typeof reason === 'string') expect(valueOf(answered, 'error')).toBe(`${path}: ${reason}`);
    expect(await contents()).toEqual(before);
  });

  test.each(LEFT_OUT)('that is partial leaves out and lists a path that %s', async (_what, path, reason) => {
    const opened = await open(`${path}|/Public/Zip/top.txt`, true);
    expect(opened).toEqual(
      answer('Response', { success: 'true', downloadhandler: GUID, error: '[log]' }, [
        answer('log', { path, error: reason }),
      ]),
    );
    expect(await entriesOf(opened)).toEqual([['top.txt', 'top']]);
  });

  test('that is partial and lacks nothing says so', async () => {
    expect(await open('/Public/Zip', true)).toEqual(COMPLETE);
  });

  test('shows documents as they were when it was made', async () => {
    await anna.store('/Public/Zip/Reports/changing.txt', Buffer.from('before'));
    const opened = await open('/Public/Zip/Reports/changing.txt', false);
    await anna.store('/Public/Zip/Reports/changing.txt', Buffer.from('after'));
    expect(await entriesOf(opened)).toEqual([['changing.txt', 'before']]);
  });

  test('is gone with its handler', async () => {
    const opened = await open('/Public/Zip', false);
    const DownloadHandler = valueOf(opened, 'downloadhandler');
    await anna.call('DeleteDownloadHandler', { DownloadHandler });
    expect(await anna.readChunk(DownloadHandler)).toEqual(refused('response', NO_DOWNLOAD));
    expect(await service.command(['check'])).toMatch(/there is no other/);
  });

  test.each([
    ['0001-01-01', '1970-01-01T00:00:00.000Z'],
    ['1965-03-01T12:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z'],
    ['1970-01-01T00:00:01Z', '1970-01-01T00:00:01.000Z'],
    ['1979-12-31T12:00:00Z', '1979-12-31T12:00:00.000Z'],
    ['2024-06-15T09:30:01Z', '2024-06-15T09:30:01.000Z'],
    ['2038-01-19T03:14:07Z', '2038-01-19T03:14:07.000Z'],
    ['2038-01-19T03:14:08Z', '2038-01-19T03:14:08.000Z'],
    ['2107-06-15T09:30:00Z', '2107-06-15T09:30:00.000Z'],
    ['9999-12-31T23:59:59Z', new Date(2107, 11, 31, 23, 59, 58).toISOString()],
  ])('with a document of %s tells that time, or the nearest a zip can tell', async (changed, told) => {
    const xmlParameters = `<xmlparameters><item NAME="MODIFICATIONDATE" VALUE="${changed}"/></xmlparameters>`;
    const fileContent = Buffer.from('content');
    await anna.call('UploadDocument4', { path: '/Public/Zip/dated.txt', fileContent, xmlParameters });
    const opened = await open('/Public/Zip/dated.txt', false);
    expect(opened).toEqual(COMPLETE);
    const zip = await readAll(anna, valueOf(opened, 'downloadhandler'), 1000);
    expect(await zipTimes(zip)).toEqual({ 'dated.txt': told });
  });

  test('of many documents is read in chunks as any file', async () => {
    await anna.createFolder('/Public/Many');
    const names = Array.from({ length: 40 }, (_, n) => `document ${n}.txt`);
    for (const name of names) await anna.store(`/Public/Many/${name}`, Buffer.from(`content of ${name}`));
    const entries = await entriesOf(await open('/Public/Many', false));
    expect(Object.fromEntries(entries)).toEqual(
      Object.fromEntries([['Many/', ''], ...names.map((name) => [`Many/${name}`, `content of ${name}`])]),
    );
  });
});
