import type { Transaction } from 'kysely';
import type { Schema } from '../storage/schema.js';
import { sessionExpired } from '../values/failure.js';

/** A session may end between the moment its ticket was looked at and now: nothing is made for one that has. Returns the user's number. @throws Failure `[901]` */
export async function requireSession(trx: Transaction<Schema>, sessionId: number): Promise<number> {
  const row = await trx.selectFrom('sessions').select('user_id').where('id', '=', sessionId).executeTakeFirst();
  if (!row) throw sessionExpired();
  return row.user_id;
}
