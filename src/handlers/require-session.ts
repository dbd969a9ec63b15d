import type { Transaction } from 'kysely';
import type { Schema } from '../storage/schema.js';
import { sessionExpired } from '../values/failure.js';

/** A session may end between the moment its ticket was looked at and now: nothing is made for one that has. */
export async function requireSession(trx: Transaction<Schema>, sessionId: number): Promise<void> {
  const row = await trx.selectFrom('sessions').select('id').where('id', '=', sessionId).executeTakeFirst();
  if (!row) throw sessionExpired();
}
