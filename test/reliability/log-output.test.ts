import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, readSync, writeSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { ADMIN, CHEAP_PASSWORDS } from '../support/running-service.js';
import { scratchDirectory } from '../support/scratch-directory.js';
import { PROGRAM } from '../support/server-process.js';

/* A server whose log cannot be written, or that nobody reads. */

let running: LoggingServer | undefined;

afterEach(async () => {
  await running?.remove();
  running = undefined;
});

/** What may be different from one server to the other. */
interface Peculiarities {
  readonly format?: string;
  /** Not set: a password is made, and printed. */
  readonly adminPassword?: string | undefined;
  /** Where its standard error goes. @default the test reads it */
  readonly errors?: number;
}

/** A server whose standard output is a file of the test's. */
class LoggingServer {
  readonly url: string;
  readonly #data: string;
  readonly #process: ChildProcess;
  #errors = '';

  private constructor(data: string, port: number, output: number, peculiarities: Peculiarities) {
    const { adminPassword, errors, format } = { adminPassword: ADMIN.password, format: 'json', ...peculiarities };
    this.url = `http://127.0.0.1:${port}`;
    this.#data = data;
    this.#process = spawn(process.execPath, [PROGRAM, 'serve'], {
      env: {
        PATH: process.env['PATH'] ?? '',
        LIGHTERAGE_DATA: data,
        LIGHTERAGE_PORT: String(port),
        LIGHTERAGE_LOG_FORMAT: format,
        LIGHTERAGE_WORKERS: '1',
        LIGHTERAGE_PASSWORD_COST: CHEAP_PASSWORDS,
        LIGHTERAGE_ADMIN_PASSWORD: adminPassword,
      },
      stdio: ['ignore', output, errors ?? 'pipe'],
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
  }

  static async start(output: number, peculiarities: Peculiarities = {}): Promise<LoggingServer> {
    const server = new LoggingServer(scratchDirectory(), await freePort(), output, peculiarities);
    running = server;
    await eventually(
      () => fetch(`${server.url}/healthz`).then(({ status }) => status, String),
      (status) => status === 200,
    );
    return server;
  }

  /** Makes a call, which is logged. Returns the status of the answer. */
  async call(): Promise<number> {
    const answer = await fetch(`${this.url}/srv.asmx/ServerInfo`);
    await answer.text();
    return answer.status;
  }

  /** Returns how it ended, and what it wrote to the standard error. */
  async stop(): Promise<{ status: number | null; errors: string }> {
    this.#process.kill('SIGTERM');
    await once(this.#process, 'close');
    return { status: this.#process.exitCode, errors: this.#errors };
  }

  /** Removes what is left of it. */
  async remove(): Promise<void> {
    this.#process.kill('SIGKILL');
    await fs.rm(this.#data, { recursive: true });
  }
}

test.each([['json'], ['text']])('A server whose log (%s) goes to a full disk serves, and stops', async (format) => {
  const full = await fs.open('/dev/full', 'w');
  const server = await LoggingServer.start(full.fd, { format });
  for (let round = 0; round < 3; round++) {
    const statuses = await Promise.all(Array.from({ length: 100 }, () => server.call()));
    expect(new Set(statuses)).toEqual(new Set([200]));
  }
  expect(await server.stop()).toEqual({ status: 0, errors: '' });
  await full.close();
});

test('That the password of the first administrator could not be shown is told on the standard error, without it', async () => {
  const full = await fs.open('/dev/full', 'w');
  const server = await LoggingServer.start(full.fd, { adminPassword: undefined });
  expect(await server.call()).toBe(200);
  expect(await server.stop()).toEqual({
    status: 0,
    errors:
      'lighterage: The password that the administrator "admin" was made with could not be shown. ' +
      'Set another one: lighterage user password "admin"\n',
  });
  await full.close();
});

test('A server that can write nothing anywhere serves, and stops', async () => {
  const full = await fs.open('/dev/full', 'w');
  const server = await LoggingServer.start(full.fd, { adminPassword: undefined, errors: full.fd });
  expect(await server.call()).toBe(200);
  expect(await server.stop()).toMatchObject({ status: 0 });
  await full.close();
});

/** So many that their lines take more than is written at once, and a little. */
const CALLS = 110;

test('Lines that could not be written are when they can be', async () => {
  const { directory, reader, writer } = await openPipe();
  fillUp(writer.fd);
  const server = await LoggingServer.start(writer.fd);
  for (let call = 0; call < CALLS; call++) expect(await server.call()).toBe(200);

  let output = '';
  const lines = (): string[] => output.split('\n').filter((line) => line.includes('"operation":"ServerInfo"'));
  await eventually(
    () => {
      output += readAll(reader.fd);
      return lines().length;
    },
    (count) => count >= CALLS,
  );

  for (const line of lines()) expect(JSON.parse(line)).toHaveProperty('level');
  expect(await server.stop()).toEqual({ status: 0, errors: '' });
  await Promise.all([reader.close(), writer.close()]);
  await fs.rm(directory, { recursive: true });
});

/** Longer than it takes until lines that could not be written are tried again, ms. */
const PAST_A_RETRY = 200;

test('A server whose log nobody reads any more serves, stops, and does not try to write it again', async () => {
  const { directory, name, reader, writer } = await openPipe();
  const server = await LoggingServer.start(writer.fd);
  let output = '';
  await eventually(
    () => (output += readAll(reader.fd)),
    (read) => read.includes('/ServerInfo\n'),
  );
  await reader.close();
  for (let call = 0; call < CALLS; call++) expect(await server.call()).toBe(200);

  /* Whoever comes now would read what is tried again. */
  const late = await fs.open(name, constants.O_RDONLY | constants.O_NONBLOCK);
  for (const end = Date.now() + PAST_A_RETRY; Date.now() < end;) expect(await server.call()).toBe(200);
  expect(readAll(late.fd)).toBe('');

  /* Without a reader to the end, so that its last words are lost too. */
  await late.close();
  expect(await server.stop()).toEqual({ status: 0, errors: '' });
  await writer.close();
  await fs.rm(directory, { recursive: true });
});

/** A pipe with a name, both ends of it open, in a directory of its own. Nobody waits at either end. */
async function openPipe() {
  const directory = scratchDirectory();
  const name = path.join(directory, 'pipe');
  execFileSync('mkfifo', [name]);
  const reader = await fs.open(name, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = await fs.open(name, constants.O_WRONLY | constants.O_NONBLOCK);
  return { directory, name, reader, writer };
}

function fillUp(pipe: number): void {
  untilBlocked(() => writeSync(pipe, Buffer.alloc(4096, '\n')));
}

function readAll(pipe: number): string {
  const pieces: Buffer[] = [];
  const piece = Buffer.alloc(65_536);
  untilBlocked(() => pieces.push(Buffer.from(piece.subarray(0, readSync(pipe, piece)))));
  return Buffer.concat(pieces).toString();
}

function untilBlocked(act: () => void): void {
  try {
    for (;;) act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
}
