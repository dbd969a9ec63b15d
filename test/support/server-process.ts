import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { valueOf } from './answer.js';
import { POST } from './bindings.js';
import { call, Caller, type Service } from './caller.js';
import { ADMIN, CHEAP_PASSWORDS, command, TRUSTED_PASSWORD } from './running-service.js';

/** The program as `npm run build` has built it. */
export const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

interface Running {
  readonly process: ChildProcess;
  readonly url: string;
  /** What it has printed since it takes calls, in pieces as they came. */
  readonly printed: readonly string[];
}

/** What may be different from one server to the other. */
interface Peculiarities {
  readonly program: string;
  /** More settings, by their variables. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The server as it is delivered: what `npm run build` has built, in a process of its own that can be stopped, killed and started again. */
export class ServerProcess implements Service {
  readonly data: string;
  readonly #workers: number;
  readonly #peculiarities: Partial<Peculiarities>;
  #running: Running;

  private constructor(data: string, workers: number, peculiarities: Partial<Peculiarities>, running: Running) {
    this.data = data;
    this.#workers = workers;
    this.#peculiarities = peculiarities;
    this.#running = running;
  }

  /** Starts a server on an empty data directory. */
  static async start(workers: number, peculiarities: Partial<Peculiarities> = {}): Promise<ServerProcess> {
    const data = await fs.mkdtemp(path.join(os.tmpdir(), 'lighterage-test-'));
    return new ServerProcess(data, workers, peculiarities, await start(data, workers, peculiarities));
  }

  get url(): string {
    return this.#running.url;
  }

  /** What it has printed since it takes calls. */
  get printed(): string {
    return this.#running.printed.join('');
  }

  /** The process everything else was started by. */
  get pid(): number {
    return this.#running.process.pid ?? 0;
  }

  /** Stops the server as an operator does. Returns its exit status. */
  async stop(): Promise<number | null> {
    const { process } = this.#running;
    if (process.exitCode === null && process.signalCode === null) {
      process.kill('SIGTERM');
      await once(process, 'exit');
    }
    return process.exitCode;
  }

  /** Ends the process at once, without a word to it. Its workers end by themselves. */
  async kill(): Promise<void> {
    this.#running.process.kill('SIGKILL');
    await once(this.#running.process, 'exit');
  }

  /** Starts another server on the same directory. */
  async startAgain(): Promise<void> {
    this.#running = await start(this.data, this.#workers, this.#peculiarities);
  }

  /** Stops the server, when it runs, and removes what it left. */
  async end(): Promise<void> {
    await this.stop();
    await fs.rm(this.data, { recursive: true });
  }

  async trust(name: string): Promise<Caller> {
    const args = { TrustedUserPwd: TRUSTED_PASSWORD, UserName: name };
    return new Caller(this, valueOf(await call(this, POST, 'CreateTicketforUser', args), 'ticket'));
  }

  command(args: readonly string[], input?: string): Promise<string> {
    return command(this.data, args, input);
  }
}

async function start(
  data: string,
  workers: number,
  { environment = {}, program = PROGRAM }: Partial<Peculiarities>,
): Promise<Running> {
  const server = spawn(process.execPath, [program, 'serve'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      LIGHTERAGE_DATA: data,
      LIGHTERAGE_PORT: '0',
      LIGHTERAGE_WORKERS: String(workers),
      LIGHTERAGE_LOG_LEVEL: 'silent',
      LIGHTERAGE_PASSWORD_COST: CHEAP_PASSWORDS,
      LIGHTERAGE_ADMIN_PASSWORD: ADMIN.password,
      LIGHTERAGE_TRUSTED_PASSWORD: TRUSTED_PASSWORD,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of readline.createInterface({ input: server.stdout })) {
    const url = /^Lighterage serves (http:\/\/\S+)\/srv\.asmx/.exec(line)?.[1];
    if (url === undefined) continue;
    const printed: string[] = [];
    server.stdout.on('data', (piece: Buffer) => printed.push(String(piece)));
    return { process: server, url, printed };
  }
  throw new Error('The server ended before it took calls.');
}
