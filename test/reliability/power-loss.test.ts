import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { sql, type Transaction } from 'kysely';
import { type Settings, loadSettings } from '../../src/settings.js';
import { ClaimLinks } from '../../src/storage/claim-links.js';
import { Database } from '../../src/storage/database.js';
import { FileContentStore } from '../../src/storage/file-content-store.js';
import { type FileOperations, systemFiles } from '../../src/storage/file-operations.js';
import type { Schema } from '../../src/storage/schema.js';
import { type Guid, newGuid } from '../../src/values/guid.js';
import { handOver, takeOver } from '../../src/take-over.js';
import { OperationClient } from '../support/operation-client.js';
import { Aftermath } from '../support/power-loss/aftermath.js';
import {
  ALL_LOSSES,
  DirectoryModel,
  type DiskImage,
  EVERYTHING,
  imageAfter,
  LOSSES,
} from '../support/power-loss/disk-model.js';
import { Killed, RecordedDisk } from '../support/power-loss/recorded-disk.js';
import { chunkArguments, progressAt, type Span, Story, type ToldDocument } from '../support/power-loss/story.js';
import { transactionEnds } from '../support/power-loss/write-ahead-log.js';
import { scratchDirectory } from '../support/scratch-directory.js';

/*
 * What is on the disk is cut off at every point of what a server does, between any two things it asks of the system, and a server is
 * started on what is left. Each time with every way of losing what was not synced (names, bytes, both, neither), and with the
 * database as it was at the cut and as it was when it was last synced.
 *
 * `POWER_LOSS=long npm run test:reliability -- power-loss` tries more: each way of losing bytes with each of losing names, and the
 * database with each transaction since it was last synced.
 */
const isLong = process.env['POWER_LOSS'] === 'long';

const TRUSTED_PASSWORD = 'a trusted program';

/** The run of the operating system before the cut, and the one after a loss of power. */
const BOOT = 'the boot before';
const NEXT_BOOT = 'the boot after';

const OLD: ToldDocument = { path: '/Public/old.bin', bytes: crypto.randomBytes(3000), begun: 0, done: 0 };

let directory: string;
let settings: Settings;

beforeAll(() => {
  directory = scratchDirectory();
  settings = loadSettings({ flags: {}, environment: { LIGHTERAGE_TRUSTED_PASSWORD: TRUSTED_PASSWORD } }).settings;
});

afterAll(() => fs.rmSync(directory, { recursive: true }));

interface Scenario {
  readonly name: string;
  readonly run: (story: Story, server: Server) => Promise<void>;
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'an upload in chunks, one of which arrives damaged, and its commit',
    run: async (story) => {
      const upload = await story.openUpload();
      await story.sendChunk(upload, 5000);
      await story.sendChunkTwice(upload, 4000);
      await story.sendChunk(upload, 3000, true);
      await story.commit(upload, '/Public/new.bin');
    },
  },
  {
    name: 'a new version of a document, while another upload goes on',
    run: async (story) => {
      const other = await story.openUpload();
      await story.sendChunk(other, 2500);
      const upload = await story.openUpload();
      await story.sendChunk(upload, 4500, true);
      await story.commit(upload, OLD.path);
      await story.sendChunk(other, 2500);
    },
  },
  {
    name: 'uploads in one call',
    run: async (story) => {
      await story.uploadDocument('/Public/one.bin', 4100);
      await story.uploadDocument('/Public/one.bin', 900);
      await story.uploadDocument('/Public/empty.bin', 0);
    },
  },
  {
    name: 'the deletion of uploads, complete or not',
    run: async (story) => {
      const [empty, some, all] = [await story.openUpload(), await story.openUpload(), await story.openUpload()];
      await story.sendChunk(some, 2500);
      await story.sendChunk(all, 2500, true);
      for (const upload of [empty, some, all]) await story.deleteUpload(upload);
      await story.uploadDocument('/Public/later.bin', 100);
    },
  },
  {
    name: 'the end of a session with uploads',
    run: async (story) => {
      const [some, all] = [await story.openUpload(), await story.openUpload()];
      await story.sendChunk(some, 2500);
      await story.sendChunk(all, 2500, true);
      await story.logOut();
    },
  },
  {
    name: 'zips',
    run: async (story) => {
      const zip = await story.makeZip('/Public');
      await story.makeZip(OLD.path);
      await story.deleteZip(zip);
      await story.uploadDocument('/Public/later.bin', 100);
    },
  },
  {
    name: 'a stop with uploads and a zip',
    run: async (story, server) => {
      const [some, all] = [await story.openUpload(), await story.openUpload()];
      await story.openUpload();
      await story.sendChunk(some, 2500);
      await story.sendChunk(all, 2500, true);
      await story.makeZip(OLD.path);
      await story.stop(() => handOver(server));
    },
  },
];

describe('A disk that is cut off at every point of', () => {
  const tried = { cuts: 0, starts: 0 };

  test.each(SCENARIOS)('$name keeps what was promised', async ({ run }) => {
    const { data, ticket } = await prepare();
    const { base, disk, log, story } = await record(data, ticket, run);
    const remains = new Remains(fs.mkdtempSync(path.join(directory, 'remains-')), base);
    const ends = transactionEnds(log);
    const seen = new Set<string>();
    for (const { logLength, number, root, safeLogLength } of disk.moments()) {
      if (number < story.begun) continue;
      tried.cuts++;
      const possible = ends.filter((end) => end >= safeLogLength && end <= logLength);
      const [earliest = 0, latest = earliest] = [possible[0], possible.at(-1)];
      const tries = isLong ? possible : [earliest, latest];
      const left = [
        { image: imageAfter(root, EVERYTHING), end: latest, isCrash: true },
        ...(isLong ? ALL_LOSSES : LOSSES).flatMap((loss) => {
          const image = imageAfter(root, loss);
          return tries.map((end) => ({ image, end, isCrash: false }));
        }),
      ];
      for (const { end, image, isCrash } of left) {
        const key = `${progressKey(story, number)} ${end} ${isCrash} ${digest(image)}`;
        if (seen.has(key)) continue;
        seen.add(key);
        tried.starts++;
        remains.lay(image, log.subarray(0, end));
        const findings = await remains.visit(isCrash ? BOOT : NEXT_BOOT, ({ contents, database, rooms }) => {
          const survivor = { contentDirectory: remains.contentDirectory, contents, database, isCrash, rooms };
          return new Aftermath({ survivor, story, moment: number, before: [OLD], ticket }).findings();
        });
        expect({ moment: number, transactions: ends.indexOf(end), isCrash, findings }).toMatchObject({ findings: [] });
      }
    }
  });

  afterAll(() => {
    process.stdout.write(`Loss of power: ${tried.cuts} cuts, ${tried.starts} starts on what they left.\n`);
  });
});

describe('After a crash', () => {
  /** An upload of 5000 bytes, in a data directory whose server was killed then. */
  async function interruptedUpload(isComplete: boolean) {
    const { data, ticket } = await prepare();
    const database = new Database(databasePath(data));
    const server = await start(data, database, BOOT);
    const client = new OperationClient(server.rooms.operations, ticket);
    const { UploadHandler: id = '' } = await client.succeed('CreateUploadHandler', { PreferedChunkSize: 0 });
    const bytes = crypto.randomBytes(5000);
    await client.succeed('UploadFileChunk', chunkArguments(id, bytes, isComplete));
    await database.close();
    return { data, ticket, id, bytes, file: path.join(data, 'content', id.slice(0, 2), id) };
  }

  /** Goes on with it on a server that was started then. */
  async function goOn({ data, id, ticket }: { data: string; id: string; ticket: string }, isComplete: boolean) {
    const database = new Database(databasePath(data));
    try {
      const server = await start(data, database, BOOT);
      const client = new OperationClient(server.rooms.operations, ticket);
      return isComplete
        ? await client.call('UploadDocumentWithHandler', { path: '/Public/new.bin', uploadHandler: id })
        : await client.call('UploadFileChunk', chunkArguments(id, Buffer.alloc(0), true));
    } finally {
      await database.close();
    }
  }

  const gone = { success: 'false', error: 'The upload handler does not exist or has expired.' };

  describe.each([
    { upload: 'an unfinished upload', isComplete: false },
    { upload: 'a complete upload', isComplete: true },
  ])('$upload', ({ isComplete }) => {
    test('goes on', async () => {
      expect(await goOn(await interruptedUpload(isComplete), isComplete)).toMatchObject({ success: 'true' });
    });

    test('is gone when one of its bits has changed', async () => {
      const upload = await interruptedUpload(isComplete);
      const damaged = Buffer.from(upload.bytes);
      damaged[4000] = (damaged[4000] ?? 0) ^ 1;
      fs.writeFileSync(upload.file, damaged);
      expect(await goOn(upload, isComplete)).toEqual(gone);
      expect(fs.existsSync(upload.file)).toBe(false);
    });

    test('is gone when it has become shorter', async () => {
      const upload = await interruptedUpload(isComplete);
      fs.truncateSync(upload.file, 4999);
      expect(await goOn(upload, isComplete)).toEqual(gone);
    });

    test('is gone when its bytes are', async () => {
      const upload = await interruptedUpload(isComplete);
      fs.unlinkSync(upload.file);
      expect(await goOn(upload, isComplete)).toEqual(gone);
    });
  });
});

test.each([0, 1, 60, 128, 200, 256, 257, 258, 300])(
  'A store that a process was making when it was killed, after %i steps, is made whole by the next one, and then outlives a loss of power',
  async (steps) => {
    const data = fs.mkdtempSync(path.join(directory, 'data-'));
    const disk = new RecordedDisk(data);
    const root = path.join(data, 'content');
    disk.killAfter(steps);
    if (steps < STEPS_TO_MAKE) await expect(FileContentStore.open(root, { files: disk })).rejects.toThrow(Killed);
    else await FileContentStore.open(root, { files: disk });
    disk.revive();
    const contents = await FileContentStore.open(root, { files: disk });
    const written = await Promise.all(['00', '7f', 'c8', 'ff'].map((start) => write(contents, start)));
    const moments = [...disk.moments()];
    const last = moments.at(-1)?.root ?? new DirectoryModel();
    for (const loss of ALL_LOSSES) {
      const { files } = imageAfter(last, loss);
      expect(new Map([...files].map(([name, bytes]) => [path.basename(name), bytes.toString()]))).toEqual(
        new Map(written.map((id) => [id, id])),
      );
    }
  },
);

/** 257 directories, two syncs. */
const STEPS_TO_MAKE = 259;

/** Makes a content whose bytes are its name, and brings it to the disk. */
async function write(contents: FileContentStore, start: string): Promise<Guid> {
  const id = (start + newGuid().slice(2)) as Guid;
  await contents.create(id);
  const writer = await contents.openWriter(id, 0);
  await writer.write(Buffer.from(id));
  writer.close();
  await contents.sync(id);
  return id;
}

/** A server without a wire. */
type Server = Awaited<ReturnType<typeof start>>;

async function start(data: string, database: Database, boot: string, files = systemFiles) {
  const contents = await FileContentStore.open(path.join(data, 'content'), { files });
  const claims = new ClaimLinks(path.join(data, 'claims'));
  const taken = await takeOver({ settings, database, contents, claims, boot, log: { warn: () => undefined } });
  return { database, contents, ...taken };
}

function databasePath(data: string): string {
  return path.join(data, 'lighterage.sqlite');
}

/** A data directory with a document, and a user who is logged in; all of it is on the disk. */
async function prepare(): Promise<{ data: string; ticket: string }> {
  const data = fs.mkdtempSync(path.join(directory, 'data-'));
  const database = new Database(databasePath(data));
  const { rooms } = await start(data, database, BOOT);
  await rooms.libraries.addFirst('Public');
  await rooms.users.add({ name: 'anna', password: 'secret' });
  const { ticket = '' } = await new OperationClient(rooms.operations, '').succeed('CreateTicketforUser', {
    TrustedUserPwd: TRUSTED_PASSWORD,
    UserName: 'anna',
  });
  const { bytes, path: place } = OLD;
  await new OperationClient(rooms.operations, ticket).succeed('UploadDocument', { path: place, fileContent: bytes });
  await sql`pragma wal_checkpoint(truncate)`.execute(database.queries);
  await database.close();
  return { data, ticket };
}

/** Tells the disk when its log has been synced. */
class WatchedDatabase extends Database {
  disk: RecordedDisk | undefined;

  override async durably<T>(run: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    const result = await super.durably(run);
    this.disk?.logSynced();
    return result;
  }
}

/** Lets a server that has taken the directory over carry out a scenario. */
async function record(data: string, ticket: string, run: Scenario['run']) {
  const base = fs.readFileSync(databasePath(data));
  const database = new WatchedDatabase(databasePath(data));
  const logPath = `${databasePath(data)}-wal`;
  await sql`pragma wal_autocheckpoint = 0`.execute(database.queries);
  const disk = new RecordedDisk(data, logPath);
  database.disk = disk;
  const server = await start(data, database, BOOT, disk);
  const story = new Story(new OperationClient(server.rooms.operations, ticket), disk);
  await run(story, server);
  disk.mark();
  const log = fs.readFileSync(logPath);
  await database.close();
  return { base, disk, log, story };
}

/** What distinguishes the promises of one moment from those of another. */
function progressKey({ documents, stopped, uploads, zips }: Story, moment: number): string {
  const spans: (Span | undefined)[] = [
    ...uploads.flatMap((upload) => [upload, ...upload.chunks, upload.committed, upload.deleted]),
    ...documents,
    ...zips.flatMap((zip) => [zip, zip.deleted]),
    stopped,
  ];
  return spans.map((span) => progressAt(span, moment).charAt(0)).join('');
}

function digest({ directories, files }: DiskImage): string {
  const hash = crypto.createHash('sha256').update(directories.join());
  for (const [name, bytes] of files) hash.update(name).update(bytes);
  return hash.digest('hex');
}

/** The data directory that is left of another. Laid again and again. */
class Remains {
  readonly #data: string;
  readonly #database: Buffer;
  #directories: readonly string[] = [];
  /** The directories that may hold files: nobody has to look into the others, and they are 256. */
  #used = new Set<string>();

  /** `database` is the database's file; what happened since is in its log. */
  constructor(data: string, database: Buffer) {
    this.#data = data;
    this.#database = database;
  }

  get contentDirectory(): string {
    return path.join(this.#data, 'content');
  }

  lay({ directories, files }: DiskImage, log: Buffer): void {
    for (const name of [this.#data, ...this.#used]) removeFiles(name);
    for (const name of this.#directories.filter((each) => !directories.includes(each)).reverse()) {
      fs.rmdirSync(path.join(this.#data, name));
    }
    for (const name of directories.filter((each) => !this.#directories.includes(each))) {
      fs.mkdirSync(path.join(this.#data, name));
    }
    this.#directories = directories;
    this.#used = new Set();
    for (const [name, bytes] of files) {
      const file = path.join(this.#data, name);
      this.#used.add(path.dirname(file));
      fs.writeFileSync(file, bytes);
    }
    fs.writeFileSync(databasePath(this.#data), this.#database);
    if (log.length > 0) fs.writeFileSync(`${databasePath(this.#data)}-wal`, log);
  }

  /** Starts a server on it. */
  async visit<T>(boot: string, look: (server: Server) => Promise<T>): Promise<T> {
    const database = new Database(databasePath(this.#data));
    try {
      return await look(await start(this.#data, database, boot, this.#files));
    } finally {
      await database.close();
    }
  }

  get #files(): FileOperations {
    return {
      ...systemFiles,
      open: (name, flags, mode) => {
        this.#used.add(path.dirname(name));
        return systemFiles.open(name, flags, mode);
      },
      entries: (name) => Promise.resolve(this.#entries(name)),
    };
  }

  async *#entries(name: string): AsyncGenerator<fs.Dirent> {
    for (const entry of await Promise.resolve(fs.readdirSync(name, { withFileTypes: true }))) {
      if (entry.isFile() || this.#used.has(path.join(name, entry.name))) yield entry;
    }
  }
}

function removeFiles(directory: string): void {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (entry.isFile()) fs.unlinkSync(file);
    else if (entry.name.endsWith('.aside')) fs.rmSync(file, { recursive: true });
  }
}
