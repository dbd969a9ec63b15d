import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** How long the server may take to start and to stop. */
const patienceMs = 60_000;

/** The server as it is delivered: a process of its own on a free port, with an empty data directory. */
export class RunningServer {
  readonly #process: ChildProcess;
  readonly #output: string[];
  readonly origin: string;

  private constructor(process: ChildProcess, output: string[], origin: string) {
    this.#process = process;
    this.#output = output;
    this.origin = origin;
  }

  /** Starts what `npm run build` has built, and waits until it says where it listens. */
  static async start(dataDirectory: string, adminPassword: string): Promise<RunningServer> {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const child = spawn(process.execPath, ['dist/main.js', 'serve'], {
      cwd: repository,
      env: {
        ...process.env,
        LIGHTERAGE_HOST: '127.0.0.1',
        LIGHTERAGE_PORT: String(port),
        LIGHTERAGE_DATA: dataDirectory,
        LIGHTERAGE_ADMIN_USER: 'admin',
        LIGHTERAGE_ADMIN_PASSWORD: adminPassword,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    process.once('exit', () => child.kill('SIGKILL'));
    const output: string[] = [];
    const server = new RunningServer(child, output, origin);
    try {
      await server.#listens();
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    return server;
  }

  /** The last that it printed. */
  get lastWords(): string {
    return this.#output.join('').split('\n').slice(-60).join('\n');
  }

  /** Stops it as an operator does. Throws when it does not end with 0 in time. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    const deadline = setTimeout(() => this.#process.kill('SIGKILL'), patienceMs);
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
    clearTimeout(deadline);
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== 0) throw new Error(`it ended with ${exitCode ?? signalCode ?? 'nothing'}`);
  }

  async #listens(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const deadline = setTimeout(
        () => reject(new Error(`the server does not listen:\n${this.lastWords}`)),
        patienceMs,
      );
      const read = (text: string): void => {
        this.#output.push(text);
        if (!this.#output.join('').includes(this.origin)) return;
        clearTimeout(deadline);
        resolve();
      };
      this.#process.stdout?.setEncoding('utf8').on('data', read);
      this.#process.stderr?.setEncoding('utf8').on('data', read);
      this.#process.on('exit', () => {
        clearTimeout(deadline);
        reject(new Error(`the server ended:\n${this.lastWords}`));
      });
    });
    const { status } = await fetch(`${this.origin}/healthz`);
    if (status !== 200) throw new Error(`the server listens, and answers ${status} to GET /healthz`);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
