import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { type Answer, answer, matching, refused, valueOf } from '../support/answer.js';
import { type Caller, crc32 } from '../support/caller.js';
import { beginChunk } from '../support/chunk-on-its-way.js';
import { RunningService, USER_PASSWORD, withDatabase } from '../support/running-service.js';
import { scratchDirectory } from '../support/scratch-directory.js';
import { ServerProcess } from '../support/server-process.js';

/* The server stopped or killed in the middle of uploads and started again: what was acknowledged is there, and it goes on. */

const NO_UPLOAD = 'The upload handler does not exist or has expired.';
const ALL_IS_WELL = 'All content is there and right, and there is no other.\n';

const TAKEN = answer('root', { success: 'true', tryagain: 'false' });
const takenLast = (file: Buffer): Answer =>
  answer('root', { success: 'true', tryagain: 'false', filehexcrc: crc32(file).toString(16).toUpperCase() });
const notTaken = (error: string): Answer => answer('root', { success: 'false', tryagain: 'false', error });

const chunks = (count: number): Buffer[] => Array.from({ length: count }, () => randomBytes(300_000));

async function flipByte(file: string, position: number): Promise<void> {
  const bytes = await fs.readFile(file);
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  await fs.writeFile(file, bytes);
}

/** Sends the rest of a file to a handler that has some of it, commits it and reads it back. */
async function goOn(caller: Caller, handler: string, sent: readonly Buffer[], rest: readonly Buffer[]): Promise<void> {
  const file = Buffer.concat([...sent, ...rest]);
  for (const chunk of rest.slice(0, -1)) expect(await caller.sendChunk(handler, chunk)).toEqual(TAKEN);
  const last = rest.at(-1) ?? Buffer.alloc(0);
  expect(await caller.sendChunk(handler, last, { isLast: true })).toEqual(takenLast(file));
  const documentPath = `/Public/${handler}.bin`;
  expect(valueOf(await caller.commit(handler, documentPath), 'success')).toBe('true');
  expect((await caller.download(documentPath)).equals(file)).toBe(true);
}

describe('A server that is stopped', () => {
  let service: RunningService;
  let anna: Caller;

  beforeAll(async () => {
    service = await RunningService.start();
    await service.addUsers('anna');
    anna = await service.trust('anna');
  });

  afterAll(() => service.end());

  test('in the middle of an upload and started again goes on with it', async () => {
    const [first, second, third] = chunks(3) as [Buffer, Buffer, Buffer];
    const handler = await anna.openUpload();
    await anna.sendChunk(handler, first);
    await anna.sendChunk(handler, second, { crc: 'DEADBEEF' });
    await service.restart();
    expect(valueOf(await anna.call('isValidTicket'), 'username')).toBe('anna');
    /* A mismatch is remembered too. */
    expect(valueOf(await anna.sendChunk(handler, third), 'tryagain')).toBe('false');
    expect(valueOf(await anna.sendChunk(handler, third), 'success')).toBe('false');
    await goOn(anna, handler, [first], [second, third]);
    expect(await service.command(['check'])).toBe(ALL_IS_WELL);
  });

  test('finishes what runs, and the chunk counts', async () => {
    const [first, second, third] = chunks(3) as [Buffer, Buffer, Buffer];
    const handler = await anna.openUpload();
    await anna.sendChunk(handler, first);
    const onItsWay = await beginChunk(anna, handler, second);
    const restarted = service.restart();
    expect(await onItsWay.finish()).toEqual(TAKEN);
    await restarted;
    await goOn(anna, handler, [first, second], [third]);
    expect(await service.command(['check'])).toBe(ALL_IS_WELL);
  });

  test('keeps complete uploads, open downloads and documents', async () => {
    const [file, other] = chunks(2) as [Buffer, Buffer];
    const handler = await anna.upload(file);
    await anna.store('/Public/a.bin', other);
    const download = await anna.openDownload('/Public/a.bin');
    const zip = valueOf(await anna.call('DownloadZipWithHandler', { Paths: '/Public/a.bin' }), 'downloadhandler');
    const zipChunk = await anna.readChunk(zip);
    await service.restart();
    expect(await anna.sendChunk(handler, file, { isLast: true })).toEqual(takenLast(file));
    expect(valueOf(await anna.commit(handler, '/Public/b.bin'), 'VersionId')).toBe('1000000');
    expect((await anna.download('/Public/b.bin')).equals(file)).toBe(true);
    expect((await anna.readChunk(download)).children).toEqual([other.toString('base64')]);
    expect(await anna.readChunk(zip)).toEqual(zipChunk);
    expect(await service.command(['check'])).toBe(ALL_IS_WELL);
  });
});

/** A server on an empty directory, and a user of it. */
async function startProcess(workers: number): Promise<{ server: ServerProcess; anna: Caller }> {
  const server = await ServerProcess.start(workers);
  await server.command(['user', 'add', 'anna'], `${USER_PASSWORD}\n`);
  return { server, anna: await server.trust('anna') };
}

describe.each([1, 2])('A server of %d processes that is killed', (workers) => {
  let server: ServerProcess;
  let anna: Caller;

  beforeAll(async () => {
    ({ server, anna } = await startProcess(workers));
  });

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    expect(await server.command(['check'])).toBe(ALL_IS_WELL);
  });

  afterAll(() => server.end());

  test('in the middle of a chunk and started again has all that was acknowledged, and goes on', async () => {
    const [first, second, third, fourth] = chunks(4) as [Buffer, Buffer, Buffer, Buffer];
    const handler = await anna.openUpload();
    await anna.sendChunk(handler, first);
    await anna.sendChunk(handler, second);
    const complete = await anna.upload(third);
    await anna.store('/Public/before.bin', fourth);
    const download = await anna.openDownload('/Public/before.bin');
    const onItsWay = await beginChunk(anna, handler, third);

    await server.kill();
    await onItsWay.interrupted;
    await server.startAgain();

    expect(valueOf(await anna.call('isValidTicket'), 'username')).toBe('anna');
    await goOn(anna, handler, [first, second], [third, fourth]);
    expect(await anna.sendChunk(complete, third, { isLast: true })).toEqual(takenLast(third));
    expect(valueOf(await anna.commit(complete, '/Public/complete.bin'), 'success')).toBe('true');
    expect((await anna.readChunk(download)).children).toEqual([fourth.toString('base64')]);
    expect(await server.command(['check'])).toBe(ALL_IS_WELL);
  });

  test('takes chunks of one handler over connections of their own, one after the other and at once', async () => {
    const separate = anna.overConnections();
    const [one, other] = [await anna.openUpload(), await anna.openUpload()];
    const inOrder = chunks(6);
    for (const chunk of inOrder) expect(await separate.sendChunk(one, chunk)).toEqual(TAKEN);
    await goOn(anna, one, inOrder, chunks(1));

    const atOnce = Array.from({ length: 6 }, (_, n) => Buffer.alloc(300_000, `chunk ${n} `));
    const answers = await Promise.all(atOnce.map((chunk) => separate.sendChunk(other, chunk)));
    expect(answers).toEqual(atOnce.map(() => TAKEN));
    await anna.sendChunk(other, Buffer.alloc(0), { crc: '0', isLast: true });
    await anna.commit(other, '/Public/at once.bin');
    const file = await anna.download('/Public/at once.bin');
    const pieces = atOnce.map((_, n) => file.toString('latin1', n * 300_000, (n + 1) * 300_000));
    expect(file.length).toBe(1_800_000);
    expect(pieces.sort()).toEqual(atOnce.map((chunk) => chunk.toString('latin1')).sort());
  });
});

describe('A server that is killed', () => {
  let server: ServerProcess;
  let anna: Caller;

  beforeAll(async () => {
    ({ server, anna } = await startProcess(1));
  });

  afterAll(() => server.end());

  test('finds out what was damaged while it was down: such a handler is gone, never wrong', async () => {
    const [sent, rest] = [chunks(2), chunks(1)];
    const stage = async (isComplete: boolean): Promise<string> => {
      if (isComplete) return anna.upload(...sent);
      const handler = await anna.openUpload();
      for (const chunk of sent) await anna.sendChunk(handler, chunk);
      return handler;
    };
    const file = (handler: string): string => path.join(server.data, 'content', handler.slice(0, 2), handler);
    const damages: ((handler: string) => Promise<unknown>)[] = [
      (handler) => flipByte(file(handler), 0),
      (handler) => flipByte(file(handler), 599_999),
      (handler) => fs.truncate(file(handler), 599_999),
      (handler) => fs.rm(file(handler)),
    ];
    const uploading = await Promise.all(damages.map(() => stage(false)));
    const complete = await Promise.all(damages.map(() => stage(true)));
    const [untouched, longer] = [await stage(false), await stage(false)];

    await server.kill();
    for (const [n, damage] of damages.entries()) {
      await damage(uploading[n] ?? '');
      await damage(complete[n] ?? '');
    }
    /* What lies behind the recorded end was never acknowledged: a chunk that had only begun to arrive. */
    await fs.appendFile(file(longer), randomBytes(1000));
    await server.startAgain();

    for (const handler of uploading) {
      expect(await anna.sendChunk(handler, rest[0] ?? Buffer.alloc(0))).toEqual(notTaken(NO_UPLOAD));
    }
    for (const handler of complete) {
      expect(await anna.commit(handler, '/Public/damaged.bin')).toEqual(refused('root', NO_UPLOAD));
    }
    await goOn(anna, untouched, sent, rest);
    await goOn(anna, longer, sent, rest);
    expect(await server.command(['check'])).toBe(ALL_IS_WELL);
  });
});

describe('A server that stops while an upload could neither be brought to the disk nor be deleted for it', () => {
  let directory: string;

  beforeEach(() => {
    directory = scratchDirectory();
  });

  afterEach(() => fs.rm(directory, { recursive: true }));

  /** Writes a module that lets the process it is loaded into sync and unlink nothing while there is the file `failing`. */
  async function writeFailure(failing: string): Promise<string> {
    const module = path.join(directory, 'failure.mjs');
    const text = `
      import fs from 'node:fs';
      const { fdatasync } = fs;
      const { unlink } = fs.promises;
      const isFailing = () => fs.existsSync(${JSON.stringify(failing)});
      const refusal = () => Object.assign(new Error('EIO'), { code: 'EIO' });
      fs.fdatasync = (file, done) => (isFailing() ? done(refusal()) : fdatasync(file, done));
      fs.promises.unlink = (file) => (isFailing() ? Promise.reject(refusal()) : unlink(file));`;
    await fs.writeFile(module, text);
    return module;
  }

  test.each([1, 2])(
    'has not stopped as it should, and the next start does not trust it: %s processes',
    async (workers) => {
      const failing = path.join(directory, 'failing');
      const environment = { NODE_OPTIONS: `--import ${await writeFailure(failing)}` };
      const server = await ServerProcess.start(workers, { environment });
      try {
        await server.command(['user', 'add', 'anna'], `${USER_PASSWORD}\n`);
        const anna = await server.trust('anna');
        const handler = await anna.openUpload();
        const [first, last] = chunks(2) as [Buffer, Buffer];
        await anna.sendChunk(handler, first);
        await withDatabase(server.data, (queries) =>
          sql`create trigger refusal before delete on upload_handlers begin select raise(abort, 'It stays.'); end`.execute(
            queries,
          ),
        );
        await fs.writeFile(failing, '');
        expect(await anna.sendChunk(handler, last, { isLast: true })).toEqual(notTaken(matching(/^SystemError: /)));
        await fs.rm(failing);
        expect(await server.stop()).toBe(1);
        await withDatabase(server.data, async (queries) => {
          const state = await queries.selectFrom('server_state').select('stopped_cleanly').executeTakeFirst();
          expect(state).toEqual({ stopped_cleanly: 0 });
          await sql`drop trigger refusal`.execute(queries);
        });
        await server.startAgain();
        expect(await anna.sendChunk(handler, last, { isLast: true })).toEqual(notTaken(NO_UPLOAD));
      } finally {
        await server.end();
      }
    },
  );
});
