import path from 'node:path';
import type { Command } from 'commander';
import { SETTING_NAMES, type Settings } from '../settings.js';
import type { CommandContext } from './command-context.js';
import { addSettingOptions, settingsOf } from './setting-options.js';
import type { Terminal } from './terminal.js';

/** `lighterage serve`: until a signal says to stop. */
export function addServeCommand(program: Command, { terminal, environment }: CommandContext): void {
  const command = program.command('serve').description('serve srv.asmx until told to stop by SIGTERM or SIGINT');
  addSettingOptions(command, SETTING_NAMES).action(async (_: unknown, called: Command) => {
    await serve(settingsOf(called, environment).settings, terminal);
  });
}

async function serve(settings: Settings, terminal: Terminal): Promise<void> {
  /* Not loaded before it is needed: the other commands start in a tenth of the time without it. */
  const { startServer } = await import('../server.js');
  const server = await startServer(settings);
  const stopAsked = signalled();
  const { url, firstAdministrator } = server;
  terminal.tell(`Lighterage serves ${url}/srv.asmx, with its data in ${path.resolve(settings.data)}`);
  if (firstAdministrator?.password !== undefined) {
    const { name, password } = firstAdministrator;
    terminal.tell(
      `The administrator "${name}" was made with the password ${password} which is not shown again. Try:`,
      () => terminal.complain(unshownPassword(name)),
    );
    terminal.tell(`  curl -d UID=${name} -d PWD=${password} ${url}/srv.asmx/AuthenticateUser`);
  } else {
    terminal.tell(`Try: curl ${url}/srv.asmx/ServerInfo`);
  }
  const reload = (): void => server.reload();
  process.on('SIGHUP', reload);
  await stopAsked;
  await server.stop();
  process.off('SIGHUP', reload);
  terminal.tell('Lighterage has stopped.');
}

/** Nobody has seen the password, and nobody will: only its hash is kept. */
function unshownPassword(name: string): string {
  return (
    `lighterage: The password that the administrator "${name}" was made with could not be shown. ` +
    `Set another one: lighterage user password "${name}"`
  );
}

/** What comes this soon after a signal is the same one, ms: Ctrl-C reaches the server from the terminal, and from npm, which passes it on. */
const SAME_SIGNAL_MS = 1000;

/**
 * Fulfilled by the first signal to stop. Another one, and any that comes while the server still starts, ends the process
 * at once, as signals do when nobody listens.
 */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      resolve();
      setTimeout(() => process.off('SIGTERM', stop).off('SIGINT', stop), SAME_SIGNAL_MS).unref();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
