import fs from 'node:fs';
import type { Rooms } from '../rooms.js';
import { buildRooms } from '../rooms.js';
import type { Settings } from '../settings.js';
import type { ContentStore } from '../storage/content-store.js';
import { DataDirectory } from '../storage/data-directory.js';
import type { Database } from '../storage/database.js';
import { migrate } from '../storage/migrations.js';
import { Failure } from '../values/failure.js';

/** What commands of administration work with: the server's own rooms, on the data directory of a server that may be running. */
export interface Premises {
  readonly rooms: Rooms;
  readonly database: Database;
  readonly contents: ContentStore;
}

/** Opens the data directory for a command, and closes it whatever becomes of that. @throws Failure when there is none. */
export async function administer<T>(settings: Settings, work: (premises: Premises) => Promise<T>): Promise<T> {
  if (!fs.existsSync(settings.data)) {
    throw new Failure(`There is no data directory ${settings.data}. The server makes it on its first start.`);
  }
  const directory = new DataDirectory(settings.data);
  const database = directory.openDatabase();
  try {
    await migrate(database.queries);
    const contents = await directory.openContents();
    const { epoch } = await database.queries.selectFrom('server_state').select('epoch').executeTakeFirstOrThrow();
    const rooms = buildRooms({ settings, database, contents, epoch, worker: undefined });
    return await work({ rooms, database, contents });
  } finally {
    await database.close();
  }
}
