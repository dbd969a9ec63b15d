import type { Command } from 'commander';
import { ContentCheck } from '../library/content-check.js';
import { Failure } from '../values/failure.js';
import { administer } from './administration.js';
import { administrationCommand, type CommandContext } from './command-context.js';
import { settingsOf } from './setting-options.js';

/** `lighterage check` */
export function addCheckCommand(program: Command, { terminal, environment }: CommandContext): void {
  administrationCommand(
    program,
    'check',
    'read all content and compare it with the records; each finding is a line, and any makes the exit status 1',
  ).action(async (_: unknown, command: Command) => {
    const count = await administer(settingsOf(command, environment).settings, async ({ database, contents }) => {
      let found = 0;
      for await (const finding of new ContentCheck(database.queries, contents).findings()) {
        terminal.print(finding);
        found++;
      }
      return found;
    });
    if (count > 0) throw new Failure(count === 1 ? 'There is 1 finding.' : `There are ${count} findings.`);
    terminal.print('All content is there and right, and there is no other.');
  });
}
