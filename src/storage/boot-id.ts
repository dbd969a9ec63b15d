import fs from 'node:fs';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * Names the run of the operating system this process is in: what another process wrote in the same run is there, synced or not,
 * and what it wrote in another may be lost. Undefined where the system does not tell; Linux does (random(4)), also in containers,
 * which share the machine's.
 */
export function bootId(): string | undefined {
  try {
    return fs.readFileSync(BOOT_ID, 'utf8').trim();
  } catch {
    /* Whatever the reason: whoever cannot be sure must think the worst. */
    return undefined;
  }
}
