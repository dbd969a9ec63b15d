import fs from 'node:fs';
import os from 'node:os';
import type { Rooms } from '../rooms.js';
import { buildRooms } from '../rooms.js';
import type { Settings } from '../settings.js';
import type { Actor } from '../storage/audit-trail.js';
import { DataDirectory } from '../storage/data-directory.js';
import type { Database } from '../storage/database.js';
import type { FileContentStore } from '../storage/file-content-store.js';
import { Failure } from '../values/failure.js';
import { bringUpToDate } from './bring-up-to-date.js';

/** What commands of administration work with: the server's own rooms, on the data directory of a server that may be running. */
export interface Premises {
  readonly rooms: Rooms;
  /** Who calls the command, for the audit. */
  readonly actor: Actor;
  readonly database: Database;
  readonly contents: FileContentStore;
}

/** Whoever can open the data directory may see all that is in it. */
export const OPERATOR = { id: 0, isAdministrator: true };

/** Opens the data directory for a command, and closes it whatever becomes of that. @throws Failure when there is none. */
export async function administer<T>(settings: Settings, work: (premises: Premises) => Promise<T>): Promise<T> {
  if (!fs.existsSync(settings.data)) {
    throw new Failure(`There is no data directory ${settings.data}. The server makes it on its first start.`);
  }
  const directory = new DataDirectory(settings.data);
  const database = directory.openDatabase();
  try {
    await bringUpToDate(directory, database);
    const contents = await directory.openContents();
    const { epoch } = await database.queries.selectFrom('server_state').select('epoch').executeTakeFirstOrThrow();
    const actor = { user: systemUser(), address: 'command line' };
    const claims = directory.openClaims();
    const rooms = buildRooms({ settings, database, contents, claims, epoch, worker: undefined, actor });
    return await work({ rooms, actor, database, contents });
  } finally {
    await database.close();
  }
}

/** The name of the person or program at the command line, as the operating system knows it; undefined when it does not. */
function systemUser(): string | undefined {
  try {
    return os.userInfo().username;
  } catch {
    /* A container may run under a number that no user has. */
    return undefined;
  }
}
