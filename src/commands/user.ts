import type { Command } from 'commander';
import { fullName } from '../accounts/user.js';
import type { ListedUser } from '../accounts/users.js';
import { administer } from './administration.js';
import { administrationCommand, type CommandContext } from './command-context.js';
import { settingsOf } from './setting-options.js';

interface Details {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly administrator: boolean;
}

/** `lighterage user …` */
export function addUserCommands(program: Command, { terminal, environment }: CommandContext): void {
  const group = program.command('user').description('add and list users, shut them out, set their passwords');

  administrationCommand(group, 'add <name>', 'add a user; the password is asked for, or read from the standard input')
    .option('--administrator', 'may do everything, in every library', false)
    .option('--first-name <name>', 'first name', '')
    .option('--last-name <name>', 'last name', '')
    .option('--email <address>', 'e-mail address', '')
    .action(async (name: string, { administrator, ...details }: Details, command: Command) => {
      const password = await terminal.readNewPassword();
      await administer(settingsOf(command, environment).settings, ({ rooms }) => {
        const { firstName, lastName, email } = details;
        return rooms.users.add({ name, password, firstName, lastName, email, isAdministrator: administrator });
      });
    });

  administrationCommand(group, 'list', 'list the users').action(async (_: unknown, command: Command) => {
    const users = await administer(settingsOf(command, environment).settings, ({ rooms }) => rooms.users.list());
    terminal.printTable([['NAME', 'ROLE', 'STATE', 'FULL NAME', 'E-MAIL'], ...users.map(row)]);
  });

  administrationCommand(group, 'disable <name>', 'shut a user out: no more log-ins, and their sessions end').action(
    async (name: string, _: unknown, command: Command) => {
      await administer(settingsOf(command, environment).settings, ({ rooms }) => rooms.users.disable(name));
    },
  );

  administrationCommand(group, 'enable <name>', 'let a disabled user in again').action(
    async (name: string, _: unknown, command: Command) => {
      await administer(settingsOf(command, environment).settings, ({ rooms }) => rooms.users.enable(name));
    },
  );

  administrationCommand(
    group,
    'password <name>',
    'set a password, which is asked for, or read from the standard input; the sessions of the user end',
  ).action(async (name: string, _: unknown, command: Command) => {
    const password = await terminal.readNewPassword();
    await administer(settingsOf(command, environment).settings, ({ rooms }) => rooms.users.setPassword(name, password));
  });
}

function row(user: ListedUser): string[] {
  const role = user.isAdministrator ? 'administrator' : 'user';
  return [user.name, role, user.isDisabled ? 'disabled' : 'enabled', fullName(user), user.email];
}
