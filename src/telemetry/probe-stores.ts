import { sql } from 'kysely';
import type { ContentStore } from '../storage/content-store.js';
import type { Database } from '../storage/database.js';
import { newGuid } from '../values/guid.js';

/** Asks the database and the content store something; rejects when one does not answer. */
export async function probeStores(database: Database, contents: ContentStore): Promise<void> {
  await sql`select epoch from server_state`.execute(database.queries);
  await contents.size(newGuid());
}
