import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** How long it may take to install, build, start, and to stop, ms. */
const START_MS = 600_000;
const STOP_MS = 60_000;

/** A server that was started as the README says: by a command in a shell, which it keeps. */
export class StartedServer {
  readonly #shell: ChildProcess;
  readonly #output: string[];

  private constructor(shell: ChildProcess, output: string[]) {
    this.#shell = shell;
    this.#output = output;
  }

  /** Fulfilled when the server has said how to try it. @throws with what was printed when it does not come to that. */
  static async start(command: string, directory: string, environment: NodeJS.ProcessEnv): Promise<StartedServer> {
    const shell = spawn('bash', ['--noprofile', '--norc', '-c', command], {
      cwd: directory,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const output: string[] = [];
    const server = new StartedServer(shell, output);
    const kill = (): void => server.#signal('SIGKILL');
    process.prependOnceListener('exit', kill);
    shell.once('exit', () => process.off('exit', kill));
    await server.#triable();
    return server;
  }

  get output(): string {
    return this.#output.join('');
  }

  /** The line for curl that it printed. */
  get curlLine(): string | undefined {
    return /\bcurl .*$/m.exec(this.output)?.[0];
  }

  /** Stops it as Ctrl-C does: the signal goes to all that runs in the terminal. @throws when it does not stop as it should. */
  interrupt(): Promise<void> {
    return this.#stop(() => this.#signal('SIGINT'));
  }

  /** Stops it as a supervisor does: the signal goes to what the supervisor started, and to nothing else. @throws as {@link interrupt}. */
  terminate(): Promise<void> {
    return this.#stop(() => this.#shell.kill('SIGTERM'));
  }

  async #stop(send: () => void): Promise<void> {
    const deadline = setTimeout(() => this.#signal('SIGKILL'), STOP_MS);
    const ended = once(this.#shell, 'close');
    send();
    await ended;
    clearTimeout(deadline);
    const { exitCode, signalCode } = this.#shell;
    if (exitCode !== 0)
      throw new Error(`it ended with ${exitCode ?? signalCode ?? 'nothing'}: ${this.output.slice(-500)}`);
    if (!this.output.includes('Lighterage has stopped.')) throw new Error('the server did not say that it has stopped');
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#shell;
    try {
      if (pid !== undefined) process.kill(-pid, signal);
    } catch {
      /* All that was in the terminal has ended. */
    }
  }

  async #triable(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(deadline);
        this.#signal('SIGKILL');
        reject(new Error(`${why}:\n${this.output.slice(-3000)}`));
      };
      const deadline = setTimeout(() => fail('The server does not start'), START_MS);
      const read = (text: string): void => {
        this.#output.push(text);
        if (this.curlLine === undefined) return;
        clearTimeout(deadline);
        resolve();
      };
      this.#shell.stdout?.setEncoding('utf8').on('data', read);
      this.#shell.stderr?.setEncoding('utf8').on('data', read);
      this.#shell.once('exit', () => fail('The server ended'));
    });
  }
}
