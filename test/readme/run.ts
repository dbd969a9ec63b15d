/**
 * Does what README.md says, as a newcomer would: starts the server, pastes the shell blocks one after the other into one shell, and
 * stops the server. `npm run test:readme -- --fresh` does it in a clone of what is committed, from `npm ci` on; without it in this
 * directory, with its data elsewhere. README_PORT names the port; else it is the README's, or a free one when that is taken.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inTemporaryDirectory } from '../../scripts/temporary-directory.js';
import { Report } from '../support/report.js';
import { type Block, blocksOf } from './blocks.js';
import { Shell } from './shell.js';
import { StartedServer } from './started-server.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** The port that README.md speaks of. */
const README_PORT = 8080;

/** What must have been printed at the end of a round trip. */
const EVERY_BYTE = ['Every byte came back.', 'So it did in one piece.', 'The same again.'];

const report = new Report();
const isFresh = process.argv.includes('--fresh');

await inTemporaryDirectory('readme', async (temporary) => {
  const directory = isFresh ? path.join(temporary, 'clone') : REPOSITORY;
  if (isFresh) execFileSync('git', ['clone', '--quiet', REPOSITORY, directory]);
  const blocks = blocksOf(await fs.readFile(path.join(directory, 'README.md'), 'utf8'));
  const environment = {
    ...withoutOurs(process.env),
    LIGHTERAGE_PORT: String(await choosePort()),
    ...(isFresh ? {} : { LIGHTERAGE_DATA: path.join(temporary, 'data') }),
  };
  const command = isFresh ? startCommand(blocks) : 'npm start';
  const start = (): Promise<StartedServer | undefined> =>
    report.check(`the server starts by: ${command.trim()}`, () => StartedServer.start(command, directory, environment));

  const first = await start();
  if (!first) return;
  await pasteAll(blocks, first, directory, environment);
  await report.check('Ctrl-C stops the server, with status 0', () => first.interrupt());
  if (isFresh) return;
  const second = await start();
  await report.check('SIGTERM stops the server, with status 0', () => second?.terminate());
});
report.sum();
process.exitCode = report.failed === 0 ? 0 : 1;

async function pasteAll(
  blocks: readonly Block[],
  server: StartedServer,
  directory: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const shell = new Shell(directory, environment);
  let printed = '';
  const paste = (name: string, text: string): Promise<unknown> =>
    report.check(name, async () => {
      const { failure, output } = await shell.paste(text);
      printed += output;
      if (failure !== undefined) throw new Error(`${failure}\n${output.slice(-2000)}`);
    });
  await paste(`the line that the server prints: ${server.curlLine ?? ''}`, server.curlLine ?? 'false');
  for (const { language, line, text } of blocks) {
    if (language === 'sh') await paste(`line ${line}: ${summary(text)}`, text);
  }
  await paste('lighterage check finds nothing wrong', 'npx lighterage check');
  await shell.close();
  for (const sentence of EVERY_BYTE) {
    await report.check(`it was printed: ${sentence}`, () => {
      if (!printed.includes(sentence)) throw new Error('it was not');
    });
  }
}

/** The first of the commands, as far as it says what it is about. */
function summary(text: string): string {
  const [first = ''] = text.split('\n').filter((line) => !/^[{}]?$/.test(line));
  return first.length > 100 ? `${first.slice(0, 99)}…` : first;
}

/** The block that starts the server. */
function startCommand(blocks: readonly Block[]): string {
  const block = blocks.find(({ text }) => text.includes('npm start'));
  if (!block) throw new Error('README.md does not say how to start the server.');
  return block.text;
}

/** Settings of whoever runs this, and what npm tells its scripts, must not be those of a newcomer. */
function withoutOurs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(?:LIGHTERAGE_|npm_)/i.test(name)));
}

async function choosePort(): Promise<number> {
  const wanted = process.env['README_PORT'];
  if (wanted !== undefined) return Number(wanted);
  return (await portOf(README_PORT)) ?? (await portOf(0)) ?? README_PORT;
}

/** The port, when it is free; any free one for 0. */
function portOf(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}
