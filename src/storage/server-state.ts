import type { Database } from './database.js';

/**
 * Records that a server starts. Returns its epoch: the one of the server before when that stopped as it should, a new one otherwise.
 * Only for the server that holds the data directory.
 */
export async function beginEpoch(database: Database): Promise<number> {
  return database.durably(async (trx) => {
    const state = await trx.selectFrom('server_state').selectAll().executeTakeFirstOrThrow();
    const epoch = state.stopped_cleanly ? state.epoch : state.epoch + 1;
    await trx.updateTable('server_state').set({ epoch, stopped_cleanly: 0 }).execute();
    return epoch;
  });
}

/** Records that the server has stopped as it should: all that is staged has been synced. */
export async function endEpoch(database: Database): Promise<void> {
  await database.durably((trx) => trx.updateTable('server_state').set({ stopped_cleanly: 1 }).execute());
}
