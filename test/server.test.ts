import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { PROGRAM } from './support/server-process.js';

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
