import { readdirSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { CallRates } from '../../src/accounts/call-rates.js';
import { LogInThrottle } from '../../src/accounts/log-in-throttle.js';
import { Passwords } from '../../src/accounts/passwords.js';
import { Sessions } from '../../src/accounts/sessions.js';
import type { User } from '../../src/accounts/user.js';
import { Users } from '../../src/accounts/users.js';
import { discardHandlersOf } from '../../src/discard-handlers.js';
import { DownloadHandlers } from '../../src/handlers/download-handlers.js';
import { StagedBytes } from '../../src/handlers/staged-bytes.js';
import { UploadHandlers } from '../../src/handlers/upload-handlers.js';
import { soleWriter, type WriterClaims } from '../../src/handlers/writer-claims.js';
import { Commits, type Commit, type CommitTarget, type CompleteContent } from '../../src/library/commits.js';
import { Documents } from '../../src/library/documents.js';
import { Folders } from '../../src/library/folders.js';
import { Libraries } from '../../src/library/libraries.js';
import { Lookups } from '../../src/library/lookups.js';
import type { VersionProperties } from '../../src/library/version-properties.js';
import { AuditTrail } from '../../src/storage/audit-trail.js';
import { ClaimLinks } from '../../src/storage/claim-links.js';
import { Database } from '../../src/storage/database.js';
import { FileContentStore } from '../../src/storage/file-content-store.js';
import { migrate } from '../../src/storage/migrations.js';
import { UnclaimedContents } from '../../src/storage/unclaimed-contents.js';
import { crc32 } from '../../src/values/crc32.js';
import { newGuid } from '../../src/values/guid.js';
import { scratchDirectory } from './scratch-directory.js';

/** A hash that takes no time to speak of; its form is that of any other. */
export const FAST_PASSWORDS = new Passwords({ N: 16, r: 1, p: 1 });

/* A content store's 256 directories take longer to make than most tests to run: one store serves all tests of a file, and each
 * leaves it empty. */
const stores = scratchDirectory();
const contentDirectory = path.join(stores, 'content');
const contents = await FileContentStore.open(contentDirectory);

/* A database without anything in it: each test has a copy, which is quicker to make. */
const blank = path.join(stores, 'blank.db');
await makeBlank();

afterAll(() => fs.rm(stores, { recursive: true }));

/** Where callers are: an address for examples (RFC 5737). */
export const ADDRESS = '192.0.2.1';

export const DAY_MS = 24 * 60 * 60 * 1000;

/** The rooms under the operations, put together as the server does it, on a directory of their own and a clock that stands still. */
export type Rooms = Awaited<ReturnType<typeof openRooms>>;

export async function openRooms({
  idleLimit = DAY_MS,
  mostStaged = 0,
  passwords = FAST_PASSWORDS,
  sessionsPerUser,
  trustedPassword,
}: {
  /** How long a handler may lie idle, ms. */
  idleLimit?: number;
  mostStaged?: number;
  passwords?: Passwords;
  sessionsPerUser?: number;
  trustedPassword?: string;
} = {}) {
  const directory = await fs.mkdtemp(path.join(stores, 'rooms-'));
  const file = path.join(directory, 'lighterage.db');
  await fs.copyFile(blank, file);
  const database = new Database(file);
  const clock = { time: Date.parse('2024-06-15T09:30:00.750Z') };
  const now = (): number => clock.time;
  const unclaimed = new UnclaimedContents(database, contents);
  const claimDirectory = path.join(directory, 'claims');
  const claims = new ClaimLinks(claimDirectory);
  claims.clear();
  const uploadsWith = (writerClaims: WriterClaims): UploadHandlers =>
    new UploadHandlers({
      database,
      contents,
      unclaimed,
      claims: writerClaims,
      epoch: 1,
      idleLimit,
      defaultChunkSize: 1_048_576,
      limits: { handlers: 0, uploadSize: 0 },
      staged: new StagedBytes({ database, most: mostStaged, now }),
      now,
    });
  const uploads = uploadsWith(soleWriter(claims));
  const downloads = new DownloadHandlers({ database, unclaimed, idleLimit, maxHandlers: 0, now });
  const audit = new AuditTrail(database, now);
  const accounts = {
    database,
    passwords,
    discardHandlers: discardHandlersOf(uploads, downloads),
    audit,
    actor: { address: 'test' },
    trustedPassword,
    now,
  };
  const users = new Users(accounts);
  const throttle = new LogInThrottle({
    database,
    now,
    pause: (ms) => {
      clock.time += ms;
      return Promise.resolve();
    },
  });
  const sessions = new Sessions({
    ...accounts,
    throttle,
    rates: new CallRates(0, now),
    mostPerUser: sessionsPerUser,
  });
  const lookups = new Lookups(database.queries);
  const library = { database, lookups, now };
  const commits = new Commits(library);

  const stage = async (bytes: Buffer): Promise<CompleteContent> => {
    const id = newGuid();
    await unclaimed.announce(id);
    await contents.create(id);
    const writer = await contents.openWriter(id, 0);
    await writer.write(bytes);
    writer.close();
    await contents.sync(id);
    return { id, size: bytes.length, crc32: crc32(bytes) };
  };

  return {
    contentDirectory,
    databaseFile: file,
    clock,
    now,
    database,
    contents,
    unclaimed,
    claimDirectory,
    claims,
    uploads,
    /** As the server's, with other claims. */
    uploadsWith,
    downloads,
    users,
    throttle,
    sessions,
    audit,
    libraries: new Libraries({ ...library, audit, actor: { address: 'test' } }),
    folders: new Folders(library),
    documents: new Documents(database, lookups),
    commits,
    stage,
    /** Commits a few bytes as an upload in one call does. */
    async commit(
      caller: User,
      target: string | CommitTarget,
      properties: VersionProperties = {},
      bytes = Buffer.from('content'),
    ): Promise<Commit> {
      const content = await stage(bytes);
      const place = typeof target === 'string' ? { path: target } : target;
      return commits.commitVersion(caller, place, content, properties, (trx) => unclaimed.claim(trx, content.id));
    },
    async close(): Promise<void> {
      await database.close();
      await fs.rm(directory, { recursive: true });
      for (const content of filesIn(contentDirectory)) await fs.rm(content);
    },
  };
}

async function makeBlank(): Promise<void> {
  const database = new Database(blank);
  await migrate(database.queries);
  await database.close();
}

/** All files in a directory and those below it. To read a store by way of itself takes a request of its own for each of its directories. */
function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}
