import { Argument, type Command, Option } from 'commander';
import { EVERYONE } from '../accounts/users.js';
import type { Access } from '../library/access.js';
import type { Libraries, ListedLibrary } from '../library/libraries.js';
import { nameKey } from '../values/name-key.js';
import { administer, OPERATOR } from './administration.js';
import { administrationCommand, type CommandContext } from './command-context.js';
import { settingsOf } from './setting-options.js';

const LIBRARY = '<library>';
const USER = `<user|${EVERYONE}>`;

/** `lighterage library …` */
export function addLibraryCommands(program: Command, { terminal, environment }: CommandContext): void {
  const group = program.command('library').description('add and list libraries, say who may do what in them');

  const change = (command: Command, run: (libraries: Libraries) => Promise<unknown>): Promise<unknown> =>
    administer(settingsOf(command, environment).settings, ({ rooms }) => run(rooms.libraries));

  administrationCommand(group, 'add <name>', 'add a library')
    .addOption(
      new Option('--everyone <access>', 'what every user may do in it without a right of their own')
        .choices(['none', 'read', 'write'])
        .default('none'),
    )
    .action(async (name: string, { everyone }: { everyone: Access }, command: Command) => {
      await change(command, (libraries) => libraries.add(name, everyone));
    });

  administrationCommand(group, 'list', 'list the libraries and the rights in them').action(
    async (_: unknown, command: Command) => {
      const { settings } = settingsOf(command, environment);
      const libraries = await administer(settings, ({ rooms }) => rooms.libraries.list());
      terminal.printTable([['NAME', 'STATE', 'EVERYONE', 'RIGHTS'], ...libraries.map(row)]);
    },
  );

  administrationCommand(group, `grant ${LIBRARY} ${USER}`, 'give a user a right; it counts instead of that of everyone')
    .addArgument(new Argument('<access>', 'the right').choices(['read', 'write']))
    .action(async (library: string, user: string, access: 'read' | 'write', _: unknown, command: Command) => {
      await change(command, (libraries) =>
        isEveryone(user) ? libraries.grantEveryone(library, access) : libraries.grant(library, user, access),
      );
    });

  administrationCommand(
    group,
    `revoke ${LIBRARY} ${USER}`,
    'take a right away; the user may do what everyone may',
  ).action(async (library: string, user: string, _: unknown, command: Command) => {
    await change(command, (libraries) =>
      isEveryone(user) ? libraries.grantEveryone(library, 'none') : libraries.revoke(library, user),
    );
  });

  administrationCommand(group, `offline ${LIBRARY}`, 'let nobody read or write documents in a library').action(
    async (library: string, _: unknown, command: Command) => {
      await change(command, (libraries) => libraries.takeOffline(library));
    },
  );

  administrationCommand(group, `online ${LIBRARY}`, 'undo offline').action(
    async (library: string, _: unknown, command: Command) => {
      await change(command, (libraries) => libraries.bringOnline(library));
    },
  );

  administrationCommand(group, 'unlock <document>', 'check a document in whose holder cannot; give its path').action(
    async (path: string, _: unknown, command: Command) => {
      await administer(settingsOf(command, environment).settings, async ({ actor, rooms }) => {
        const document = await rooms.documents.resolve(OPERATOR, path);
        await rooms.documents.unlock(document, (trx) =>
          rooms.audit.record(trx, actor, { action: 'unlock document', documentId: document.id, subject: path }),
        );
      });
    },
  );
}

function isEveryone(user: string): boolean {
  return nameKey(user) === nameKey(EVERYONE);
}

function row(library: ListedLibrary): string[] {
  const rights = library.rights.map(({ userName, access }) => `${userName}: ${access}`).join(', ');
  return [library.name, library.isOffline ? 'offline' : 'online', library.everyone, rights];
}
