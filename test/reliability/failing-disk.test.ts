import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { type Answer, answer, GUID, matching, NUMBER, refused, valueOf } from '../support/answer.js';
import { AssembledService } from '../support/assembled-service.js';
import { type Arguments, POST } from '../support/bindings.js';
import { type Caller, crc32, hexCrc32 } from '../support/caller.js';
import { eventually } from '../support/eventually.js';
import { FailingMachine, type Plan, type Trouble } from '../support/failing-machine.js';
import { readMetric } from '../support/server-figures.js';

/*
 * A disk that gets full or fails, and files that cannot be opened, at every single thing a call asks of the machine: of the file system, and
 * of the database. Each time once and for good. The caller is told that it is the storage; nothing is half done; and the same
 * call does what it should when all is well again.
 */

/** How an answer names what is wrong. */
const WORDS: Readonly<Record<Trouble, string>> = {
  ENOSPC: 'The disk of the server is full\\.',
  EIO: 'The disk of the server reports an error\\.',
  EMFILE: '(?:The server has too many files open|The database of the server cannot be reached)\\.',
};

/** What is tried: trouble for once, and trouble that stays. */
const CASES = [
  { trouble: 'ENOSPC', isLasting: false, when: 'once' },
  { trouble: 'ENOSPC', isLasting: true, when: 'for good' },
  { trouble: 'EIO', isLasting: false, when: 'once' },
  { trouble: 'EIO', isLasting: true, when: 'for good' },
  { trouble: 'EMFILE', isLasting: true, when: 'for good' },
] as const;

const NO_UPLOAD = 'The upload handler does not exist or has expired.';

let machine: FailingMachine;
let service: AssembledService;
let anna: Caller;
let [failures, documents] = [0, 0];

beforeAll(async () => {
  machine = new FailingMachine();
  service = await AssembledService.start({ users: ['anna'], files: machine, worker: 'one of several' });
  anna = (await service.trust('anna')).over(POST);
  await anna.store('/Public/there.bin', THERE);
});

afterAll(async () => {
  await service.end();
  process.stdout.write(`Failing disk: ${failures} calls at which something failed.\n`);
});

/** A document that is there from the first. */
const THERE = randomBytes(5000);

const THERE_CRC32 = hexCrc32(THERE).toLowerCase();

/** All of it as a chunk. */
const WHOLE = answer(
  'response',
  { success: 'true', filelength: '5000', chunklength: '5000', lastchunk: 'true', chunkCRC32: THERE_CRC32 },
  [THERE.toString('base64')],
);

const newPath = (): string => `/Public/${++documents}.bin`;

/** A call in the state it needs. */
interface Attempt {
  readonly operation: string;
  readonly args: Arguments;
  /** The answer when it is carried out. */
  readonly expected: Answer;
  /**
   * Looks at what became of it when all is well again, and whether it can be done then. `answered` is undefined when the connection broke,
   * and else what the caller was told.
   */
  readonly goOn: (answered: Answer | undefined) => Promise<void>;
}

interface Scenario {
  readonly name: string;
  /** What a refusal looks like, but for its text. */
  readonly refusal: (error: string) => Answer;
  readonly prepare: () => Attempt | Promise<Attempt>;
}

const isDone = (answered: Answer | undefined): boolean =>
  answered?.attributes.some(([name, value]) => name === 'success' && value === 'true') ?? false;

/** Makes the call again. */
async function again({ args, expected, operation }: Omit<Attempt, 'goOn'>): Promise<void> {
  expect(await anna.call(operation, args)).toEqual(expected);
}

/** The end of an upload: the handler takes it, and what it has is committed and read back. */
async function finish(handler: string, file: Buffer): Promise<void> {
  const place = newPath();
  expect(valueOf(await anna.commit(handler, place), 'success')).toBe('true');
  expect((await anna.download(place)).equals(file)).toBe(true);
}

const chunkOf = (handler: string, bytes: Buffer, isLast: boolean): Arguments => ({
  uploadHandler: handler,
  fileChunk: bytes,
  chunkHEXCRC: hexCrc32(bytes),
  lastChunk: isLast,
});

const TAKEN = answer('root', { success: 'true', tryagain: 'false' });
const notTaken = (error: string): Answer => answer('root', { success: 'false', tryagain: 'false', error });
const takenLast = (file: Buffer): Answer =>
  answer('root', { success: 'true', tryagain: 'false', filehexcrc: crc32(file).toString(16).toUpperCase() });

/** What could not be brought to the disk is not to be trusted any more, whatever a later sync says. */
async function expectGone(handler: string): Promise<void> {
  expect(await anna.sendChunk(handler, THERE, { isLast: true })).toEqual(notTaken(NO_UPLOAD));
  expect(await anna.commit(handler, newPath())).toEqual(refused('root', NO_UPLOAD));
}

/** A chunk in the middle, sent to a handler that has one. */
async function prepareChunk(arrange: (args: Arguments) => Arguments): Promise<Attempt> {
  const [first, second, third] = [randomBytes(3000), randomBytes(2000), randomBytes(100)];
  const handler = await anna.openUpload();
  await anna.sendChunk(handler, first);
  const call = { operation: 'UploadFileChunk', args: arrange(chunkOf(handler, second, false)), expected: TAKEN };
  return {
    ...call,
    goOn: async (answered) => {
      if (machine.hasLostBytes) return expectGone(handler);
      if (!isDone(answered)) await again(call);
      const file = Buffer.concat([first, second, third]);
      expect(await anna.sendChunk(handler, third, { isLast: true })).toEqual(takenLast(file));
      await finish(handler, file);
    },
  };
}

const STORED = answer('root', { success: 'true', DocumentId: NUMBER, VersionId: matching(/^100000\d$/) });

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'CreateUploadHandler',
    refusal: (error) => refused('response', error),
    prepare: () => ({
      operation: 'CreateUploadHandler',
      args: {},
      expected: answer('response', { success: 'true', error: '', UploadHandler: GUID, ChunkSize: '1048576' }),
      goOn: async (answered) => {
        if (answered && isDone(answered)) {
          const handler = valueOf(answered, 'UploadHandler');
          expect(await anna.sendChunk(handler, THERE, { isLast: true })).toEqual(takenLast(THERE));
        }
        await finish(await anna.upload(THERE), THERE);
      },
    }),
  },
  { name: 'a chunk', refusal: notTaken, prepare: () => prepareChunk((args) => args) },
  {
    name: 'a chunk whose handler is named after it',
    refusal: notTaken,
    prepare: () =>
      prepareChunk(({ fileChunk = '', uploadHandler = '', ...args }) => ({ fileChunk, uploadHandler, ...args })),
  },
  {
    name: 'a chunk that arrives damaged',
    refusal: notTaken,
    prepare: async () => {
      const bytes = randomBytes(3000);
      const handler = await anna.openUpload();
      return {
        operation: 'UploadFileChunk',
        args: { ...chunkOf(handler, bytes, true), chunkHEXCRC: '1' },
        expected: answer('root', { success: 'false', tryagain: 'true', error: matching(/given as 1\. Send/) }),
        goOn: async () => {
          if (machine.hasLostBytes) return expectGone(handler);
          expect(await anna.sendChunk(handler, bytes, { isLast: true })).toEqual(takenLast(bytes));
          await finish(handler, bytes);
        },
      };
    },
  },
  {
    name: 'a last chunk',
    refusal: notTaken,
    prepare: async () => {
      const chunks = [randomBytes(3000), randomBytes(2000)] as const;
      const file = Buffer.concat(chunks);
      const handler = await anna.openUpload();
      await anna.sendChunk(handler, chunks[0]);
      const call = { operation: 'UploadFileChunk', args: chunkOf(handler, chunks[1], true), expected: takenLast(file) };
      return {
        ...call,
        goOn: async () => {
          if (machine.hasLostBytes) return expectGone(handler);
          await again(call);
          await finish(handler, file);
        },
      };
    },
  },
  {
    name: 'a commit',
    refusal: (error) => refused('root', error),
    prepare: async () => {
      const [bytes, place] = [randomBytes(3000), newPath()];
      const handler = await anna.upload(bytes);
      const args = { path: place, uploadHandler: handler };
      const call = { operation: 'UploadDocumentWithHandler', args, expected: STORED };
      return {
        ...call,
        goOn: async (answered) => {
          await again({ ...call, expected: isDone(answered) ? refused('root', NO_UPLOAD) : STORED });
          expect((await anna.download(place)).equals(bytes)).toBe(true);
        },
      };
    },
  },
  {
    name: 'an upload in one call',
    refusal: (error) => refused('root', error),
    prepare: () => {
      const [bytes, place] = [randomBytes(3000), newPath()];
      const call = { operation: 'UploadDocument', args: { path: place, fileContent: bytes }, expected: STORED };
      return {
        ...call,
        goOn: async (answered) => {
          expect(valueOf(await anna.call('DocumentExists', { Path: place }), 'success')).toBe(String(isDone(answered)));
          await again(call);
          expect((await anna.download(place)).equals(bytes)).toBe(true);
        },
      };
    },
  },
  {
    name: 'the deletion of an upload',
    refusal: (error) => refused('response', error),
    prepare: async () => {
      const handler = await anna.upload(THERE);
      const expected = answer('response', { success: 'true', error: '' });
      const call = { operation: 'DeleteUploadHandler', args: { UploadHandler: handler }, expected };
      return {
        ...call,
        goOn: async () => {
          await again(call);
          expect(await anna.commit(handler, newPath())).toEqual(refused('root', NO_UPLOAD));
        },
      };
    },
  },
  {
    name: 'a log-out',
    refusal: (error) => refused('root', error),
    prepare: async () => {
      const other = await service.trust('anna');
      const handler = await other.upload(THERE);
      return {
        operation: 'LogOut',
        args: { authenticationTicket: other.ticket },
        expected: answer('root', { success: 'true' }),
        goOn: async (answered) => {
          if (!isDone(answered)) {
            expect(valueOf(await other.commit(handler, newPath()), 'success')).toBe('true');
            expect(valueOf(await other.call('LogOut'), 'success')).toBe('true');
          }
          expect(await other.commit(handler, newPath())).toEqual(
            refused('root', '[901] Session expired or Invalid ticket'),
          );
        },
      };
    },
  },
  {
    name: 'GetDownloadHandler',
    refusal: (error) => refused('response', error),
    prepare: () => ({
      operation: 'GetDownloadHandler',
      args: { Path: '/Public/there.bin' },
      expected: answer('response', {
        ...{ success: 'true', Size: '5000', ContentType: matching(/./), ModificationDate: matching(/./) },
        ...{ VersionNumber: '0', AlterDocumentName: 'there.bin', RenderedContent: 'false', CRC32: THERE_CRC32 },
        ...{ ChunkSize: '1048576', downloadhandler: GUID },
      }),
      goOn: async (answered) => {
        const handler =
          answered && isDone(answered)
            ? valueOf(answered, 'downloadhandler')
            : await anna.openDownload('/Public/there.bin');
        expect((await anna.readChunk(handler)).children).toEqual([THERE.toString('base64')]);
      },
    }),
  },
  {
    name: 'DownloadFileChunk',
    refusal: (error) => refused('response', error),
    prepare: async () => {
      const handler = await anna.openDownload('/Public/there.bin');
      return {
        operation: 'DownloadFileChunk',
        args: { DownloadHandler: handler, StartOffset: 0, ChunkSize: 0 },
        expected: WHOLE,
        goOn: async () => expect(await anna.readChunk(handler)).toEqual(WHOLE),
      };
    },
  },
  {
    name: 'DownloadZipWithHandler',
    refusal: (error) => refused('Response', error),
    prepare: () => {
      const args = { Paths: '/Public/there.bin', partialResult: true };
      const expected = answer('Response', { success: 'true', downloadhandler: GUID, error: '' });
      const call = { operation: 'DownloadZipWithHandler', args, expected };
      return {
        ...call,
        goOn: async (answered) => {
          const made = answered && isDone(answered) ? answered : await anna.call(call.operation, call.args);
          const zip = valueOf(made, 'downloadhandler');
          expect(valueOf(await anna.readChunk(zip), 'lastchunk')).toBe('true');
          expect(valueOf(await anna.call('DeleteDownloadHandler', { DownloadHandler: zip }), 'success')).toBe('true');
        },
      };
    },
  },
];

/** Plans until one comes to nothing: then each thing the call asks for has failed once. */
function* plans(trouble: Trouble, isLasting: boolean): Generator<Plan> {
  for (let at = 1; ; at++) yield { trouble, at, isLasting };
}

/** Calls on a machine in trouble. Returns what it was answered, and how many requests failed. */
async function callInTrouble({ args, operation }: Attempt, plan: Plan): Promise<{ answered?: Answer; failed: number }> {
  machine.plan(plan);
  try {
    return { answered: await anna.call(operation, args), failed: machine.mend() };
  } catch (error) {
    /* The content could not be read again when the answer was written: it ends, or does not begin. */
    expect(String(error)).toMatch(
      /fetch failed|terminated|^Error: HTTP 500, text\/plain; .*: SystemError: .+ The disk/,
    );
    return { failed: machine.mend() };
  }
}

describe.each(SCENARIOS)('$name', ({ prepare, refusal }) => {
  test.each(CASES)('tells of $trouble at any point of it, $when, and goes on after', async ({ isLasting, trouble }) => {
    const told = refusal(matching(new RegExp(`^SystemError: .+ ${WORDS[trouble]}$`)));
    for (const plan of plans(trouble, isLasting)) {
      const attempt = await prepare();
      const { answered, failed } = await callInTrouble(attempt, plan);
      if (failed === 0) break;
      failures++;
      if (answered) expect([attempt.expected, told]).toContainEqual(answered);
      await attempt.goOn(answered);
    }
    await expectNothingHeld();
    /* The next removal takes along what could not be removed before. */
    await anna.call('DeleteUploadHandler', { UploadHandler: await anna.openUpload() });
    expect(await unclaimed()).toEqual([]);
  });

  afterAll(async () => expect(await service.findings()).toEqual([]));
});

function unclaimed(): Promise<unknown[]> {
  return service.database.queries.selectFrom('unclaimed_contents').selectAll().execute();
}

/** Files, buffers and turns are given back. */
async function expectNothingHeld(): Promise<void> {
  await eventually(
    () => machine.openFiles,
    (open) => open === 0,
  );
  const used = await readMetric(service.url, 'lighterage_memory_budget_bytes{part="used"}');
  expect(used).toBe(0);
}

test('After all of that no handler is kept from other workers', async () => {
  await eventually(
    () => fs.readdir(path.join(service.data, 'claims')),
    (links) => links.length === 0,
  );
});

test('After all of that a restart leaves a file for each record, and no other', async () => {
  await service.restart();
  expect(await service.findings()).toEqual([]);
  expect(await unclaimed()).toEqual([]);
  const spooled = await fs.readdir(path.join(service.data, 'spool'));
  expect(spooled).toEqual([]);
});
