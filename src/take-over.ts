import { ContentCheck } from './library/content-check.js';
import type { Logger } from './log.js';
import { buildRooms, type Rooms } from './rooms.js';
import type { Settings } from './settings.js';
import type { ClaimLinks } from './storage/claim-links.js';
import type { ContentStore } from './storage/content-store.js';
import type { Database } from './storage/database.js';
import { migrate } from './storage/migrations.js';
import { beginEpoch, endEpoch, recordBoot } from './storage/server-state.js';

export interface TakeOverOptions {
  readonly settings: Settings;
  readonly database: Database;
  readonly contents: ContentStore;
  readonly claims: ClaimLinks;
  /** The run of the operating system: see bootId. */
  readonly boot: string | undefined;
  readonly log: Pick<Logger, 'warn'>;
}

export type HandOverOptions = Pick<TakeOverOptions, 'contents' | 'database'> & { readonly rooms: Rooms };

/**
 * Takes records and contents over from the server before, which may have been killed, or have lost power. After this all that is
 * recorded is there, and nothing else is. Only for the server that holds the data directory, before it takes calls.
 */
export async function takeOver(options: TakeOverOptions): Promise<{ epoch: number; rooms: Rooms }> {
  const { boot, claims, contents, database, settings } = options;
  await migrate(database.queries);
  const { epoch, isUnsyncedLost } = await beginEpoch(database, boot);
  claims.clear();
  const rooms = buildRooms({ settings, database, contents, claims, epoch, worker: undefined });
  if (isUnsyncedLost) {
    await settle(rooms, options);
    await recordBoot(database, boot);
  }
  await rooms.unclaimed.removeAll();
  return { epoch, rooms };
}

/**
 * After a loss of power. Records that were not synced are gone, and so may be the record of a file, or of its removal; the bytes of
 * what is still recorded as being written may be, too. Contents that nobody names are kept beside the store: they may be the
 * newest of somebody who has put an older copy of the database in place.
 */
async function settle({ uploads, downloads }: Rooms, { contents, database, log }: TakeOverOptions): Promise<void> {
  await uploads.abandonUnfinished();
  await downloads.abandonOwners();
  const orphans = await new ContentCheck(database.queries, contents).orphans();
  await contents.setAside(orphans.map((id) => ({ id })));
  if (orphans.length > 0) {
    log.warn({ contents: orphans }, 'the machine was not shut down; contents without a record were put aside');
  }
}

/** Hands records and contents over to the next server: what is staged survives a loss of power after this. */
export async function handOver({ contents, database, rooms }: HandOverOptions): Promise<void> {
  await rooms.uploads.syncAll();
  await rooms.downloads.syncAll(contents);
  await endEpoch(database);
}
