import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** What a shell reports of a program that a signal ended (POSIX, Shell Command Language, 2.8.2). */
const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Runs `work` in a directory of its own. It is removed afterwards, also when this process is told to stop. */
export async function inTemporaryDirectory<T>(name: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), `lighterage-${name}-`));
  const remove = (): void => fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  const quit = (signal: keyof typeof SIGNAL_STATUS): never => process.exit(SIGNAL_STATUS[signal]);
  process.once('exit', remove);
  process.once('SIGINT', quit);
  process.once('SIGTERM', quit);
  try {
    return await work(directory);
  } finally {
    process.off('exit', remove).off('SIGINT', quit).off('SIGTERM', quit);
    remove();
  }
}
