import type { Database } from './database.js';

/** What a starting server finds. */
export interface Beginning {
  /** The server's epoch: the one of the server before when that stopped as it should, a new one otherwise. */
  readonly epoch: number;
  /**
   * Whether what the server before wrote and did not sync may be lost, bytes as well as records: it did not stop as it should,
   * and the machine has been started since, or it cannot be told whether it was. When that has been dealt with,
   * {@link recordBoot} is to be called; if this process does not live to do so, the next one finds the same.
   */
  readonly isUnsyncedLost: boolean;
}

/**
 * Records that a server starts, in the run of the operating system that `boot` names (see bootId). Only for the server that
 * holds the data directory.
 */
export async function beginEpoch(database: Database, boot: string | undefined): Promise<Beginning> {
  return database.durably(async (trx) => {
    const state = await trx.selectFrom('server_state').selectAll().executeTakeFirstOrThrow();
    const isClean = state.stopped_cleanly === 1;
    const epoch = isClean ? state.epoch : state.epoch + 1;
    const isUnsyncedLost = !isClean && (boot === undefined || state.boot !== boot);
    await trx
      .updateTable('server_state')
      .set({ epoch, stopped_cleanly: 0, boot: isUnsyncedLost ? state.boot : (boot ?? null) })
      .execute();
    return { epoch, isUnsyncedLost };
  });
}

/** Records that nothing is left of what an earlier run of the operating system may have lost. */
export async function recordBoot(database: Database, boot: string | undefined): Promise<void> {
  await database.durably((trx) =>
    trx
      .updateTable('server_state')
      .set({ boot: boot ?? null })
      .execute(),
  );
}

/** Records that the server has stopped as it should: all that is staged has been synced. */
export async function endEpoch(database: Database): Promise<void> {
  await database.durably((trx) => trx.updateTable('server_state').set({ stopped_cleanly: 1 }).execute());
}
