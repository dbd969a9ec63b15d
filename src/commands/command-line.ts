import { Command, CommanderError } from 'commander';
import { SettingError, type SettingSources } from '../settings.js';
import { PRODUCT_VERSION } from '../values/product-version.js';
import { addAuditCommand } from './audit.js';
import { addBackupCommand } from './backup.js';
import { addCheckCommand } from './check.js';
import type { CommandContext } from './command-context.js';
import { addLibraryCommands } from './library.js';
import { addServeCommand } from './serve.js';
import { addSettingsCommand } from './settings.js';
import { Terminal, type TerminalOptions } from './terminal.js';
import { addUserCommands } from './user.js';

/** What the process exits with: all went well; it did not, or a check found something; it was called wrongly. */
export const EXIT_STATUS = { done: 0, failed: 1, misused: 2 } as const;

export type ExitStatus = (typeof EXIT_STATUS)[keyof typeof EXIT_STATUS];

export interface CommandLineOptions extends TerminalOptions {
  readonly environment: SettingSources['environment'];
}

/**
 * Runs the command the arguments name (those after the program's own name). What goes wrong is told in one line on the errors'
 * stream; the promise is fulfilled with the exit status in any case.
 */
export async function runCommandLine(args: readonly string[], options: CommandLineOptions): Promise<ExitStatus> {
  const terminal = new Terminal(options);
  try {
    await buildProgram({ terminal, environment: options.environment }, options).parseAsync(args, { from: 'user' });
    await terminal.settle();
    return EXIT_STATUS.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_STATUS.done : EXIT_STATUS.misused;
    terminal.complain(`lighterage: ${describe(error)}`);
    return error instanceof SettingError ? EXIT_STATUS.misused : EXIT_STATUS.failed;
  }
}

function buildProgram(context: CommandContext, { output, errors }: CommandLineOptions): Command {
  const program = new Command('lighterage')
    .description('Carries documents over srv.asmx in chunks.')
    .version(PRODUCT_VERSION)
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: (text) => errors.write(text.replace(/^error: /, 'lighterage: ')),
    });
  addServeCommand(program, context);
  addUserCommands(program, context);
  addLibraryCommands(program, context);
  addCheckCommand(program, context);
  addAuditCommand(program, context);
  addBackupCommand(program, context);
  addSettingsCommand(program, context);
  return program;
}

/** One line, with what lies behind it where that says more: a person at the machine may know. */
function describe(error: unknown): string {
  const messages: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) messages.push(at.message);
  const last = messages.pop() ?? String(error);
  const text = [...messages.map((message) => message.replace(/\.$/, '')), last].join(': ');
  return text.replaceAll(/\s*[\r\n]+\s*/g, ' ');
}
