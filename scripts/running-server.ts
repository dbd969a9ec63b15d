import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

/** How long the server may take to start and to stop, ms. */
const PATIENCE_MS = 60_000;

/** How much of what it printed is kept, in pieces as they came. */
const MOST_PIECES = 1000;

/** The line the server prints once it listens. */
const LISTENING = /^.*serves (http:\/\/\S+)\/srv\.asmx/m;

export interface ServerOptions {
  /** The data directory. */
  readonly data: string;
  readonly adminPassword: string;
  /** More settings, by their variables. Those of this process do not count. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A server that may not take calls yet. */
export interface StartingServer {
  /** The process everything else is started by. */
  readonly pid: number;
  /** Fulfilled when it takes calls. Rejected with what it printed when it does not. */
  readonly ready: Promise<RunningServer>;
  /** Fulfilled when that process has ended, however it did. */
  readonly ended: Promise<void>;
  /** Ends that process at once; its workers follow. One that has ended stays so. */
  kill(): void;
}

/** The server that `npm run build` has built, in processes of its own, on a free port. It ends with this process at the latest. */
export class RunningServer {
  /** `http://127.0.0.1:40123` */
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #output: string[];

  private constructor(process: ChildProcess, output: string[], url: string) {
    this.#process = process;
    this.#output = output;
    this.url = url;
  }

  /** Fulfilled when it takes calls. @throws with what it printed when it does not. */
  static start(options: ServerOptions): Promise<RunningServer> {
    return RunningServer.launch(options).ready;
  }

  /** For those who do not wait until it takes calls. */
  static launch({ adminPassword, data, environment }: ServerOptions): StartingServer {
    const child = spawn(process.execPath, ['dist/main.js', 'serve'], {
      cwd: REPOSITORY,
      env: {
        ...withoutSettings(process.env),
        LIGHTERAGE_PORT: '0',
        LIGHTERAGE_DATA: data,
        LIGHTERAGE_ADMIN_PASSWORD: adminPassword,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const kill = (): boolean => child.kill('SIGKILL');
    process.prependOnceListener('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const output: string[] = [];
    return {
      pid: child.pid ?? 0,
      ready: address(child, output).then((url) => new RunningServer(child, output, url)),
      ended: new Promise((resolve) => child.once('exit', () => resolve())),
      kill: () => void kill(),
    };
  }

  /** The process everything else was started by. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The last that it printed. */
  get lastWords(): string {
    return this.#output.join('').split('\n').slice(-60).join('\n');
  }

  /** Stops it as an operator does. @throws when it does not end with 0 in time. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    const deadline = setTimeout(() => this.#process.kill('SIGKILL'), PATIENCE_MS);
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
    clearTimeout(deadline);
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== 0) throw new Error(`The server ended with ${exitCode ?? signalCode ?? 'nothing'}.`);
  }
}

/** What the server prints is gathered in `output`; fulfilled with the address it prints. */
function address(child: ChildProcess, output: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(deadline);
      child.kill('SIGKILL');
      reject(new Error(`The server ${why}:\n${output.join('')}`));
    };
    const deadline = setTimeout(() => fail('does not listen'), PATIENCE_MS);
    let isListening = false;
    const read = (text: string): void => {
      output.push(text);
      if (output.length > MOST_PIECES) output.shift();
      const url = isListening ? undefined : LISTENING.exec(output.join(''))?.[1];
      if (url === undefined) return;
      isListening = true;
      clearTimeout(deadline);
      resolve(url);
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
    child.once('error', (error) => fail(`cannot be started (${error.message})`));
    child.once('exit', () => fail('ended'));
  });
}

/** Settings of whoever runs this must not be those of the server. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('LIGHTERAGE_')));
}
