import { setTimeout as delay } from 'node:timers/promises';
import { CallRates } from './accounts/call-rates.js';
import { LogInThrottle } from './accounts/log-in-throttle.js';
import { Passwords, scryptCost } from './accounts/passwords.js';
import { Sessions } from './accounts/sessions.js';
import { Users } from './accounts/users.js';
import { discardHandlersOf } from './discard-handlers.js';
import { DownloadHandlers } from './handlers/download-handlers.js';
import { UploadHandlers } from './handlers/upload-handlers.js';
import { StagedBytes } from './handlers/staged-bytes.js';
import { SharedWriterClaims, soleWriter } from './handlers/writer-claims.js';
import { ZipPlaces } from './handlers/zip-places.js';
import { ZipWriter } from './handlers/zip-writer.js';
import { Commits } from './library/commits.js';
import { Documents } from './library/documents.js';
import { Folders } from './library/folders.js';
import { Libraries } from './library/libraries.js';
import { Lookups } from './library/lookups.js';
import { ZipSelection } from './library/zip-selection.js';
import { downloadOperations } from './operations/downloads.js';
import { libraryOperations } from './operations/library.js';
import type { Operations } from './operations/operation.js';
import { sessionOperations } from './operations/sessions.js';
import { uploadOperations } from './operations/uploads.js';
import type { Settings } from './settings.js';
import { type Actor, AuditTrail } from './storage/audit-trail.js';
import type { ClaimLinks } from './storage/claim-links.js';
import type { ContentStore } from './storage/content-store.js';
import type { Database } from './storage/database.js';
import { UnclaimedContents } from './storage/unclaimed-contents.js';

const HOUR_MS = 60 * 60 * 1000;

const SERVER: Actor = { address: 'server' };

export interface RoomsOptions {
  readonly settings: Settings;
  readonly database: Database;
  readonly contents: ContentStore;
  readonly claims: ClaimLinks;
  /** The server's epoch: see beginEpoch. */
  readonly epoch: number;
  /** The name of this process among the server's workers; undefined when it is the only one. */
  readonly worker: string | undefined;
  /** Who changes users and libraries, for the audit. @default the server itself, as it does on its first start */
  readonly actor?: Actor;
}

/** What a process that serves is made of, below its bindings. */
export interface Rooms {
  readonly audit: AuditTrail;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly throttle: LogInThrottle;
  readonly libraries: Libraries;
  readonly documents: Documents;
  readonly uploads: UploadHandlers;
  readonly downloads: DownloadHandlers;
  readonly unclaimed: UnclaimedContents;
  readonly operations: Operations;
}

/** Puts the rooms together, each with only what it needs. */
export function buildRooms(options: RoomsOptions): Rooms {
  const { settings, database, contents, claims: links, epoch, worker, actor = SERVER } = options;
  const now = Date.now;
  const audit = new AuditTrail(database, now);
  const unclaimed = new UnclaimedContents(database, contents, worker);
  const idleLimit = settings.handlerExpiry * HOUR_MS;
  const { defaultChunkSize, maxDocumentSize, maxHandlers } = settings;
  const claims = worker === undefined ? soleWriter(links) : new SharedWriterClaims({ database, links, worker });
  const staged = new StagedBytes({ database, most: settings.maxStagedBytes, now });
  const uploads = new UploadHandlers({
    database,
    contents,
    unclaimed,
    claims,
    epoch,
    idleLimit,
    defaultChunkSize,
    limits: { handlers: maxHandlers, uploadSize: settings.maxUploadSize },
    staged,
    now,
  });
  const downloads = new DownloadHandlers({ database, unclaimed, idleLimit, maxHandlers, now });
  const passwords = new Passwords(scryptCost(settings.passwordCost));
  const discardHandlers = discardHandlersOf(uploads, downloads);
  const users = new Users({ database, passwords, discardHandlers, audit, actor, now });
  const throttle = new LogInThrottle({
    database,
    now,
    pause: (ms, signal) => delay(ms, undefined, { signal }),
  });
  const sessions = new Sessions({
    database,
    passwords,
    discardHandlers,
    throttle,
    audit,
    rates: new CallRates(settings.maxCallRate, () => performance.now()),
    trustedPassword: settings.trustedPassword,
    now,
  });
  const lookups = new Lookups(database.queries);
  const folders = new Folders({ database, lookups, now });
  const documents = new Documents(database, lookups);
  const commits = new Commits({ database, lookups, now });
  const libraries = new Libraries({ database, audit, actor, now });
  const zips = new ZipWriter(contents, unclaimed);
  const zipPlaces = new ZipPlaces();
  const zipSelection = new ZipSelection(documents, folders);
  const identity = { serverName: settings.serverName, company: settings.company };
  const operations: Operations = {
    ...sessionOperations({ sessions }),
    ...uploadOperations({ audit, sessions, uploads, commits, contents, unclaimed, staged, maxDocumentSize }),
    ...downloadOperations({
      audit,
      sessions,
      downloads,
      documents,
      zipSelection,
      zips,
      zipPlaces,
      staged,
      contents,
      defaultChunkSize,
    }),
    ...libraryOperations({ audit, sessions, folders, documents, identity, now }),
  };
  return { audit, users, sessions, throttle, libraries, documents, uploads, downloads, unclaimed, operations };
}
