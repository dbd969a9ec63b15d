import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { PROGRAM, ServerProcess } from '../support/server-process.js';

let data: string;

beforeEach(async () => {
  data = await fs.mkdtemp(path.join(os.tmpdir(), 'lighterage-test-'));
  await fs.chmod(data, 0o755);
});

afterEach(() => fs.rm(data, { recursive: true }));

/** What the log says until the server takes calls. */
async function warningsOf(environment: Readonly<Record<string, string>>): Promise<string[]> {
  const server = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0', '--workers', '1', '--password-cost', '10'], {
    env: { PATH: process.env['PATH'] ?? '', LIGHTERAGE_DATA: data, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  for await (const line of readline.createInterface({ input: server.stdout })) {
    if (line.startsWith('Lighterage serves ')) server.kill('SIGTERM');
    if (line.startsWith('{')) said.push((JSON.parse(line) as { msg: string }).msg);
  }
  if (server.exitCode === null) await once(server, 'exit');
  return said;
}

test('A server shuts its data directory to others, and has nothing to complain of', async () => {
  expect(await warningsOf({ LIGHTERAGE_TRUSTED_PASSWORD: 'a trusted program' })).toEqual([]);
  expect((await fs.stat(data)).mode & 0o777).toBe(0o700);
});

test('A server complains of a directory that it must leave open, and of a trusted password that is soon guessed', async () => {
  await fs.writeFile(path.join(data, 'letter.txt'), '');
  expect(await warningsOf({ LIGHTERAGE_TRUSTED_PASSWORD: 'short' })).toEqual([
    expect.stringContaining('trusted password'),
    expect.stringContaining('data directory'),
  ]);
  expect((await fs.stat(data)).mode & 0o777).toBe(0o755);
});

test('A server of several workers may lie in a directory with a space, and with what stands for something in an address', async () => {
  const root = path.dirname(path.dirname(PROGRAM));
  const place = path.join(data, 'my %41 documents?');
  await fs.cp(path.dirname(PROGRAM), path.join(place, 'dist'), { recursive: true });
  for (const name of ['package.json', 'wsdl', 'node_modules']) {
    await fs.symlink(path.join(root, name), path.join(place, name));
  }
  const server = await ServerProcess.start(2, { program: path.join(place, 'dist', 'main.js') });
  try {
    expect((await fetch(`${server.url}/srv.asmx/ServerInfo`)).status).toBe(200);
  } finally {
    await server.end();
  }
});
