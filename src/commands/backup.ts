import fs from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { ContentCheck } from '../library/content-check.js';
import { backUp } from '../storage/backup.js';
import { DataDirectory } from '../storage/data-directory.js';
import { systemFiles } from '../storage/file-operations.js';
import { syncDirectory } from '../storage/sync-directory.js';
import { Failure } from '../values/failure.js';
import { administer } from './administration.js';
import { administrationCommand, type CommandContext } from './command-context.js';
import { settingsOf } from './setting-options.js';

/** `lighterage backup` */
export function addBackupCommand(program: Command, { terminal, environment }: CommandContext): void {
  administrationCommand(
    program,
    'backup <directory>',
    'copy all that is committed into a new data directory, which a server can be started on; the server may run meanwhile',
  ).action(async (target: string, _: unknown, command: Command) => {
    await administer(settingsOf(command, environment).settings, async ({ actor, contents, database, rooms }) => {
      const unfinished = prepare(target);
      await rooms.audit.recordAlone(actor, { action: 'back up' });
      const directory = new DataDirectory(unfinished);
      const { copied, linked } = await backUp({ database, contents }, directory);
      const findings = await check(directory, (finding) => terminal.print(finding));
      await finish(unfinished, target);
      terminal.print(`${linked} contents were linked and ${copied} copied. The backup is in ${path.resolve(target)}`);
      if (findings > 0) throw new Failure(`The check of the backup has ${findings} findings.`);
      terminal.print('It was checked: all content is there and right.');
    });
  });
}

/** Where the backup is made until it is whole, so that half of one is never taken for a backup. @throws Failure */
function prepare(target: string): string {
  const unfinished = `${path.resolve(target)}.unfinished`;
  if (fs.existsSync(target)) throw new Failure(`There is a ${target} already.`);
  if (fs.existsSync(unfinished)) {
    throw new Failure(
      `There is a ${unfinished}: another backup is being made, or one was interrupted. Delete it then.`,
    );
  }
  return unfinished;
}

/** Reads all of the backup. Returns the number of findings. */
async function check(directory: DataDirectory, tell: (finding: string) => void): Promise<number> {
  const database = directory.openDatabase();
  try {
    let count = 0;
    for await (const { text } of new ContentCheck(database.queries, await directory.openContents()).findings()) {
      tell(text);
      count++;
    }
    return count;
  } finally {
    await database.close();
  }
}

/** Gives the backup its name, which survives a loss of power. */
async function finish(unfinished: string, target: string): Promise<void> {
  fs.renameSync(unfinished, target);
  await syncDirectory(systemFiles, path.dirname(path.resolve(target)));
}
