import type { Transaction } from 'kysely';
import type { Schema } from '../storage/schema.js';

/** What is left to do once a transaction has been committed. It must not be run when it was rolled back. */
export type AfterCommit = () => Promise<void>;

/**
 * Removes the handlers of sessions that end, in the transaction that ends them. What it returns removes their bytes.
 * The handlers are another room's; whoever puts the parts together hands this in.
 */
export type DiscardHandlers = (trx: Transaction<Schema>, sessionIds: readonly number[]) => Promise<AfterCommit>;

/** Sessions ended with one statement. A user of scripts may have tens of thousands; SQLite takes 32,766 parameters. */
const BATCH = 500;

/** Ends sessions and discards what belongs to them. */
export async function endSessions(
  trx: Transaction<Schema>,
  sessionIds: readonly number[],
  discardHandlers: DiscardHandlers,
): Promise<AfterCommit> {
  const after: AfterCommit[] = [];
  for (let start = 0; start < sessionIds.length; start += BATCH) {
    const batch = sessionIds.slice(start, start + BATCH);
    after.push(await discardHandlers(trx, batch));
    await trx.deleteFrom('sessions').where('id', 'in', batch).execute();
  }
  return async () => {
    for (const run of after) await run();
  };
}
