import type { Guid } from '../values/guid.js';
import { ContentMissing } from './content-store.js';
import type { DataDirectory } from './data-directory.js';
import type { Database } from './database.js';
import type { FileContentStore } from './file-content-store.js';

/** Records looked at together. */
const PAGE = 500;

/** What a backup is made of: contents that share their bytes with the store's, and contents that are copies. */
export interface BackupCount {
  readonly linked: number;
  readonly copied: number;
}

/**
 * Makes a data directory that has all that was committed when this was called: users, libraries, documents with all their versions,
 * and the audit. It may be done while a server runs; a server can be started on the copy as it is.
 *
 * First the records are copied, as they are at one moment; then the contents these name. That order is enough, because the content of a
 * version is never changed and never removed. What is passing is left out: uploads that are not committed yet (their bytes go on
 * changing, and a linked content must not), open downloads, and sessions, or a ticket that has been logged out since would be good
 * again on the copy. Contents that are not there are left to the check to tell.
 *
 * @param directory - Empty. @throws StorageFailure
 */
export async function backUp(
  source: { readonly database: Database; readonly contents: FileContentStore },
  directory: DataDirectory,
): Promise<BackupCount> {
  await source.database.backup(directory.databasePath);
  const database = directory.openDatabase();
  try {
    await leaveOutPassing(database);
    const contents = await directory.openContents();
    const count = { linked: 0, copied: 0 };
    for await (const id of contentsOf(database)) {
      const how = await source.contents.share(id, contents).catch(missing);
      if (how) count[how]++;
    }
    await contents.syncNames();
    return count;
  } finally {
    await database.close();
  }
}

async function leaveOutPassing(database: Database): Promise<void> {
  await database.durably(async (trx) => {
    await trx.deleteFrom('upload_handlers').execute();
    await trx.deleteFrom('download_handlers').execute();
    await trx.deleteFrom('unclaimed_contents').execute();
    await trx.deleteFrom('sessions').execute();
    await trx.deleteFrom('failed_log_ins').execute();
    /* Nothing is staged, so that nothing can have been lost. */
    await trx.updateTable('server_state').set({ stopped_cleanly: 1, boot: null }).execute();
  });
}

async function* contentsOf({ queries }: Database): AsyncGenerator<Guid> {
  for (let last = '' as Guid; ;) {
    const rows = await queries
      .selectFrom('versions')
      .select('content_id')
      .where('content_id', '>', last)
      .orderBy('content_id')
      .limit(PAGE)
      .execute();
    for (const row of rows) yield row.content_id;
    const end = rows.at(-1);
    if (!end) return;
    last = end.content_id;
  }
}

function missing(error: unknown): undefined {
  if (!(error instanceof ContentMissing)) throw error;
  return undefined;
}
