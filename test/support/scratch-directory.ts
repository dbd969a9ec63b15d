import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const MEMORY = '/dev/shm';

/** Room that is enough for any test, and for another beside it, bytes. */
const ENOUGH = 1024 * 1024 * 1024;

/**
 * Makes an empty directory, which whoever asks for it removes. It is in memory where there is room: what is synced in there need not outlive
 * anything.
 */
export function scratchDirectory(): string {
  return fs.mkdtempSync(path.join(isRoomy(MEMORY) ? MEMORY : os.tmpdir(), 'lighterage-test-'));
}

function isRoomy(directory: string): boolean {
  if (!fs.existsSync(directory)) return false;
  const { bavail, bsize } = fs.statfsSync(directory);
  return bavail * bsize >= ENOUGH;
}
