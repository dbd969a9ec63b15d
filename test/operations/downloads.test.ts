import { randomBytes } from 'node:crypto';
import type { User } from '../../src/accounts/user.js';
import { DownloadHandlers } from '../../src/handlers/download-handlers.js';
import { StagedBytes } from '../../src/handlers/staged-bytes.js';
import { ZipPlaces } from '../../src/handlers/zip-places.js';
import { ZipWriter } from '../../src/handlers/zip-writer.js';
import { ZipSelection } from '../../src/library/zip-selection.js';
import { downloadOperations, type DownloadRooms } from '../../src/operations/downloads.js';
import type { Call } from '../../src/operations/operation.js';
import { AuditTrail } from '../../src/storage/audit-trail.js';
import { crc32 } from '../../src/values/crc32.js';
import { Failure } from '../../src/values/failure.js';
import type { Guid } from '../../src/values/guid.js';
import { ADDRESS, DAY_MS, openRooms, type Rooms } from '../support/rooms.js';

const MIB = 1024 * 1024;

/** More than a part after which others have their turn. */
const LONG = Buffer.alloc(9 * MIB, 'a long document');

/** A document opened for download. */
interface Opened {
  readonly ticket: string;
  readonly sessionId: number;
  readonly handler: string;
}

let rooms: Rooms;
let operations: ReturnType<typeof downloadOperations>;
let anna: User;

beforeEach(async () => {
  rooms = await openRooms();
  operations = operationsOn();
  anna = await rooms.users.add({ name: 'anna', password: 'secret' });
  await rooms.users.add({ name: 'bert', password: 'secret' });
  await rooms.libraries.add('Public', 'write');
});

afterEach(() => rooms.close());

function operationsOn(different: Partial<DownloadRooms> = {}): typeof operations {
  const { contents, database, documents, folders, now, unclaimed } = rooms;
  return downloadOperations({
    ...rooms,
    zipSelection: new ZipSelection(documents, folders),
    zips: new ZipWriter(contents, unclaimed),
    zipPlaces: new ZipPlaces(),
    staged: new StagedBytes({ database, most: 0, now }),
    defaultChunkSize: MIB,
    ...different,
  });
}

async function open(name: string, path: string): Promise<Opened> {
  const { id, ticket } = await rooms.sessions.logIn(name, 'secret', ADDRESS);
  const args = { AuthenticationTicket: ticket, Path: path, PreferedChunkSize: 0 };
  const result = await operations.GetDownloadHandler.run(args, { address: ADDRESS });
  if (result.kind !== 'element') throw new Error('The answer is no element.');
  return { ticket, sessionId: id, handler: result.element.attributes['downloadhandler'] ?? '' };
}

/** Reads a chunk as far as it is read before it is sent. */
async function read({ handler, ticket }: Opened, call: Call = { address: ADDRESS }): Promise<void> {
  const args = { authenticationTicket: ticket, DownloadHandler: handler, StartOffset: 0, ChunkSize: LONG.length };
  const result = await operations.DownloadFileChunk.run(args, call);
  if (result.kind !== 'element') throw new Error('The answer is no element.');
  for (const child of result.element.children ?? []) {
    if (typeof child !== 'string' && 'close' in child) await child.close();
  }
}

test('Whoever asks for many long chunks keeps no other user waiting for theirs', async () => {
  await rooms.commit(anna, '/Public/long.bin', {}, LONG);
  const [hers, his] = [await open('anna', '/Public/long.bin'), await open('bert', '/Public/long.bin')];
  const order: string[] = [];
  const calls = [...Array<Opened>(20).fill(hers), his].map(async (opened) => {
    await read(opened);
    order.push(opened === his ? 'bert' : 'anna');
  });
  await Promise.all(calls);
  expect(order).toHaveLength(21);
  expect(order.indexOf('bert')).toBeLessThan(10);
});

test('A long chunk is not read to its end for a caller who has left', async () => {
  await rooms.commit(anna, '/Public/long.bin', {}, LONG);
  const opened = await open('anna', '/Public/long.bin');
  const gone = AbortSignal.abort(new Failure('The caller left.'));
  await expect(read(opened, { address: ADDRESS, gone })).rejects.toThrow('The caller left.');
  await read(opened);
});

test('While uploads from before a crash are compared with their records, chunks are read all the same', async () => {
  await rooms.commit(anna, '/Public/short.txt');
  const opened = await open('bert', '/Public/short.txt');
  const uploads: Guid[] = [];
  for (let n = 0; n < 5; n++) uploads.push(await stageUpload(opened.sessionId));
  await rooms.database.queries.updateTable('upload_handlers').set({ epoch: 0 }).execute();
  const order: string[] = [];
  const all = uploads.map(async (id) => {
    expect(await rooms.uploads.staged(opened.sessionId, id)).toMatchObject({ size: LONG.length });
    order.push('upload');
  });
  await Promise.all([...all, read(opened).then(() => order.push('chunk'))]);
  expect(order).toEqual(['chunk', ...Array<string>(5).fill('upload')]);
});

async function stageUpload(sessionId: number): Promise<Guid> {
  const { id } = await rooms.uploads.create(sessionId, 0);
  const reservation = await rooms.uploads.reserve(sessionId, id);
  await reservation.write(LONG);
  const checksum = crc32(LONG);
  await reservation.accept({ length: LONG.length, computed: checksum, claimed: checksum, isLast: true });
  await reservation.release();
  return id;
}

test('Of a zip with more documents than are recorded at once each is in the audit, once; of one that is refused at its end none', async () => {
  const { database, now, unclaimed } = rooms;
  const downloads = new DownloadHandlers({ database, unclaimed, idleLimit: DAY_MS, maxHandlers: 1, now });
  const { run } = operationsOn({ downloads }).DownloadZipWithHandler;
  const { ticket } = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
  const names = Array.from({ length: 501 }, (_, n) => `${n}.txt`);
  await rooms.folders.createPath(anna, '/Public/many');
  for (const name of names) await rooms.commit(anna, `/Public/many/${name}`, {}, Buffer.alloc(0));
  const args = { authenticationTicket: ticket, Paths: '/Public/many', partialResult: false };
  const both = await Promise.allSettled([1, 2].map(() => run(args, { address: ADDRESS })));
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const zipped: string[] = [];
  for await (const { action, outcome, subject } of rooms.audit.read({}))
    if (action === 'zip' && outcome === 'ok') zipped.push(subject);
  expect(zipped.sort()).toEqual(names.map((name) => `many/${name}`).sort());
});

/** An audit that does something else before it records what is in a zip beyond the first part: the zip has its handler by then. */
class InterruptedAudit extends AuditTrail {
  readonly #interrupt: () => void | Promise<void>;

  constructor(interrupt: () => void | Promise<void>) {
    super(rooms.database, rooms.now);
    this.#interrupt = interrupt;
  }

  override async recordInTurns(...what: Parameters<AuditTrail['recordInTurns']>): Promise<void> {
    await this.#interrupt();
    await super.recordInTurns(...what);
  }
}

test('Of a zip whose caller leaves while it is recorded what is in it, neither handler nor bytes stay', async () => {
  await rooms.commit(anna, '/Public/a.txt');
  const left = new AbortController();
  const handlers = () => rooms.database.queries.selectFrom('download_handlers').selectAll().execute();
  const audit = new InterruptedAudit(async () => {
    expect(await handlers()).toHaveLength(1);
    left.abort(new Failure('The caller left.'));
  });
  const { ticket } = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
  const args = { authenticationTicket: ticket, Paths: '/Public/a.txt', partialResult: false };
  const zipped = operationsOn({ audit }).DownloadZipWithHandler.run(args, { address: ADDRESS, gone: left.signal });
  await expect(zipped).rejects.toThrow('The caller left.');
  expect(await handlers()).toEqual([]);
  const contents: unknown[] = [];
  for await (const name of rooms.contents.list()) contents.push(name);
  expect(contents).toHaveLength(1);
});

test('A zip counts once while it is recorded what is in it', async () => {
  await rooms.commit(anna, '/Public/a.bin', {}, randomBytes(600));
  const staged = new StagedBytes({ database: rooms.database, most: 1000, now: rooms.now });
  const audit = new InterruptedAudit(async () => {
    const other = staged.begin(anna.id);
    await other.add(100);
    other.end();
  });
  const { ticket } = await rooms.sessions.logIn('anna', 'secret', ADDRESS);
  const args = { authenticationTicket: ticket, Paths: '/Public/a.bin', partialResult: false };
  const result = await operationsOn({ audit, staged }).DownloadZipWithHandler.run(args, { address: ADDRESS });
  expect(result).toMatchObject({ element: { attributes: { success: 'true' } } });
});
