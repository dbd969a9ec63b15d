/**
 * A small client: carries a file to a server, or a document from it, in chunks, and shows how far it has come. A chunk that arrives
 * damaged is sent, or asked for, again.
 *
 *     npm run transfer -- up FILE DOCUMENT
 *     npm run transfer -- down DOCUMENT [FILE]
 *
 * The password is that of the variable TRANSFER_PASSWORD; without it, it is asked for.
 */
import path from 'node:path';
import { Command, Option } from 'commander';
import { Terminal } from '../src/commands/terminal.js';
import { downloadFile } from './client/download.js';
import { type Binding, Service } from './client/service.js';
import { Session } from './client/session.js';
import { type TransferOptions, uploadFile } from './client/upload.js';
import { ProgressLine } from './progress-line.js';

const BINDINGS = { soap: 'SOAP 1.1', get: 'GET', post: 'POST' } as const satisfies Record<string, Binding>;

interface Options {
  readonly url: string;
  readonly user: string;
  readonly chunkSize: number;
  readonly binding: keyof typeof BINDINGS;
}

const terminal = new Terminal({ input: process.stdin, output: process.stdout, errors: process.stderr });

/* The first Ctrl-C ends the transfer after the chunk under way, so that nothing is left of it; the second ends the program. */
let isInterrupted = false;
process.once('SIGINT', () => (isInterrupted = true));

const program = new Command('transfer').description('Carries files to and from an srv.asmx in chunks.');

addOptions(program.command('up <file> <document>').description('upload a file: /Public/Folder/name.ext'), [
  'soap',
  'post',
]).action(async (file: string, document: string, options: Options) => {
  const { attributes } = await inSession(options, (session) =>
    withProgress(path.basename(file), options, (how) => uploadFile(session, file, document, how)),
  );
  const { DocumentId = '', VersionId = '' } = attributes;
  terminal.print(`${document} is document ${DocumentId}, version ${VersionId}.`);
});

addOptions(program.command('down <document> [file]').description('download a document'), [
  'soap',
  'get',
  'post',
]).action(async (document: string, file: string | undefined, options: Options) => {
  const name = path.posix.basename(document);
  const target = file ?? name;
  await inSession(options, (session) =>
    withProgress(name, options, (how) => downloadFile(session, document, target, how)),
  );
  terminal.print(`${target} is there, with the right checksum.`);
});

try {
  await program.parseAsync();
} catch (error) {
  terminal.complain(`transfer: ${describe(error)}`);
  process.exitCode = 1;
}

function addOptions(command: Command, bindings: readonly string[]): Command {
  return command
    .option('--url <url>', 'the endpoint', 'http://127.0.0.1:8080/srv.asmx')
    .option('--user <name>', 'who logs in', 'admin')
    .option('--chunk-size <bytes>', 'preferred size of a chunk; 0 leaves it to the server', Number, 0)
    .addOption(new Option('--binding <name>', 'what carries the chunks').choices(bindings).default('soap'));
}

async function inSession<T>({ url, user }: Options, work: (session: Session) => Promise<T>): Promise<T> {
  const password = process.env['TRANSFER_PASSWORD'] ?? (await terminal.readPassword());
  const session = await Session.logIn(new Service(url), user, password);
  try {
    return await work(session);
  } finally {
    await session.logOut();
  }
}

async function withProgress<T>(
  name: string,
  { binding, chunkSize }: Options,
  transfer: (how: TransferOptions) => Promise<T>,
): Promise<T> {
  const line = new ProgressLine(name);
  const progress = (done: number, total: number): void => {
    if (isInterrupted) throw new Error('interrupted; nothing is left of it.');
    line.show(done, total);
  };
  const result = await transfer({ binding: BINDINGS[binding], chunkSize, progress });
  line.end();
  return result;
}

/** What `fetch` throws says why only in its cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
