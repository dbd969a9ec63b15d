import { InvalidArgumentError, type Command } from 'commander';
import { parseDate } from '../operations/date-format.js';
import type { AuditEntry } from '../storage/audit-trail.js';
import type { Instant } from '../storage/schema.js';
import { printable } from '../values/printable.js';
import { describeVersion } from '../values/version-number.js';
import { administer, OPERATOR } from './administration.js';
import { administrationCommand, type CommandContext } from './command-context.js';
import { settingsOf } from './setting-options.js';

interface Options {
  readonly user?: string;
  readonly document?: string;
  readonly since?: Instant;
  readonly until?: Instant;
  readonly json?: true;
}

/** `lighterage audit` */
export function addAuditCommand(program: Command, { terminal, environment }: CommandContext): void {
  administrationCommand(program, 'audit', 'print who did what to which document, when and from where; the oldest first')
    .option('--user <name>', 'only what this user did')
    .option('--document <number|path>', 'only what was done to this document')
    .option(
      '--since <time>',
      'from this time on, UTC unless it says otherwise: 2024-06-15 or 2024-06-15T09:30:00Z',
      time,
    )
    .option('--until <time>', 'before this time', time)
    .option('--json', 'a JSON object a line')
    .action(async ({ document, json, since, until, user }: Options, command: Command) => {
      await administer(settingsOf(command, environment).settings, async ({ rooms }) => {
        const number = async (text: string): Promise<number> =>
          /^\d{1,15}$/.test(text) ? Number(text) : (await rooms.documents.resolve(OPERATOR, text)).id;
        const documentId = document === undefined ? undefined : await number(document);
        const entries = rooms.audit.read({ user, documentId, since, until });
        await terminal.printEach(lines(entries, json ? asJson : asText));
      });
    });
}

function time(text: string): Instant {
  const instant = parseDate(text);
  if (instant === undefined) throw new InvalidArgumentError('It must be a date, or a date and a time.');
  return instant;
}

async function* lines(entries: AsyncIterable<AuditEntry>, form: (entry: AuditEntry) => string): AsyncGenerator<string> {
  for await (const entry of entries) yield form(entry);
}

function asJson(entry: AuditEntry): string {
  return JSON.stringify({
    id: entry.id,
    time: new Date(entry.at).toISOString(),
    user: entry.user_name,
    address: entry.address,
    action: entry.action,
    session: entry.session_id,
    document: entry.document_id,
    version: entry.version,
    folder: entry.folder_id,
    subject: entry.subject,
    outcome: entry.outcome,
  });
}

/** For people: what is empty is a dash, and whatever a caller wrote stays on its line. */
function asText(entry: AuditEntry): string {
  const things = [
    entry.session_id === null ? '' : `session ${entry.session_id}`,
    entry.document_id === null ? '' : `document ${entry.document_id}`,
    entry.version === null ? '' : `version ${describeVersion(entry.version)}`,
    entry.folder_id === null ? '' : `folder ${entry.folder_id}`,
  ];
  const cells = [
    new Date(entry.at).toISOString(),
    entry.user_name ?? '',
    entry.address,
    entry.action,
    entry.outcome,
    things.filter((thing) => thing !== '').join(', '),
    entry.subject,
  ];
  return cells.map((cell) => (cell === '' ? '-' : printable(cell))).join('\t');
}
