import { setTimeout as delay } from 'node:timers/promises';
import { type DataDirectory, DirectoryInUse } from '../storage/data-directory.js';
import type { Database } from '../storage/database.js';
import { isMigrated, migrate } from '../storage/migrations.js';
import { Failure } from '../values/failure.js';

/** A server that starts, or another command, is done with records as they mostly are within moments, ms. */
const PATIENCE_MS = 5000;

/** How often to look whether it is, ms. */
const LOOK_AGAIN_MS = 50;

/**
 * Brings the records to the form of this release. Waits for another process that has the data directory and may be doing just that.
 * @param patience - How long, ms. @throws Failure when it does not: a server of an older release knows the older records only.
 */
export async function bringUpToDate(
  directory: DataDirectory,
  { queries }: Database,
  patience = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + patience;
  while (!(await isMigrated(queries))) {
    const release = lock(directory);
    if (release) {
      await migrate(queries).finally(release);
      return;
    }
    if (performance.now() > deadline) throw isOfAnother();
    await delay(LOOK_AGAIN_MS);
  }
}

/** Undefined when another process has the directory. */
function lock(directory: DataDirectory): (() => void) | undefined {
  try {
    return directory.lock();
  } catch (error) {
    if (error instanceof DirectoryInUse) return undefined;
    throw error;
  }
}

function isOfAnother(): Failure {
  return new Failure(
    'The records are of an older release than this command, and another process has the data directory. ' +
      'If it is a server of that release, stop it first; if it is bringing the records up to date, try again when it has.',
  );
}
