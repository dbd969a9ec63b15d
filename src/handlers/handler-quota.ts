import type { Kysely } from 'kysely';
import type { Schema } from '../storage/schema.js';
import { tooManyHandlers } from './failures.js';

/**
 * Makes sure that a user may open another handler, upload and download together, in the transaction that makes it; or ahead of it,
 * before work is done that may be for nothing.
 * @param most - How many; 0 for any number. @throws Failure when there are as many already.
 */
export async function requireFreeHandler(queries: Kysely<Schema>, userId: number, most: number): Promise<void> {
  if (most === 0) return;
  const { uploads, downloads } = await queries
    .selectNoFrom((eb) => {
      const count = eb.fn.countAll<number>().as('count');
      return [
        eb.selectFrom('upload_handlers').select(count).where('user_id', '=', userId).as('uploads'),
        eb.selectFrom('download_handlers').select(count).where('user_id', '=', userId).as('downloads'),
      ];
    })
    .executeTakeFirstOrThrow();
  if ((uploads ?? 0) + (downloads ?? 0) >= most) throw tooManyHandlers(most);
}
