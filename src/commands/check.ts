import type { Command } from 'commander';
import { ContentCheck } from '../library/content-check.js';
import { Failure } from '../values/failure.js';
import { administer, type Premises } from './administration.js';
import { administrationCommand, type CommandContext } from './command-context.js';
import { settingsOf } from './setting-options.js';
import type { Terminal } from './terminal.js';

/** `lighterage check` */
export function addCheckCommand(program: Command, { terminal, environment }: CommandContext): void {
  administrationCommand(
    program,
    'check',
    'read all content and compare it with the records; each finding is a line, and any makes the exit status 1',
  )
    .option(
      '--repair',
      'put aside what lies in the content store and belongs to nothing; nothing else is changed',
      false,
    )
    .action(async ({ repair }: { repair: boolean }, command: Command) => {
      const { found, repaired } = await administer(settingsOf(command, environment).settings, (premises) =>
        check(premises, terminal, repair),
      );
      const left = found - repaired;
      if (repaired > 0)
        terminal.print(repaired === 1 ? '1 finding was repaired.' : `${repaired} findings were repaired.`);
      if (left > 0) throw new Failure(left === 1 ? 'There is 1 finding.' : `There are ${left} findings.`);
      terminal.print('All content is there and right, and there is no other.');
    });
}

/** Prints each finding, and repairs those that can be: what a record promises and is not there can only be told. */
async function check(
  { contents, database }: Premises,
  terminal: Terminal,
  repair: boolean,
): Promise<{ found: number; repaired: number }> {
  let [found, repaired] = [0, 0];
  for await (const { stray, text } of new ContentCheck(database.queries, contents).findings()) {
    found++;
    if (stray && repair) {
      await contents.setAside([stray]);
      repaired++;
      terminal.print(`${text}: put aside into content.aside in the data directory`);
    } else terminal.print(text);
  }
  return { found, repaired };
}
