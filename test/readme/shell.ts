import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';
import type { Readable } from 'node:stream';

/** How long what is pasted may run, ms. */
const PATIENCE_MS = 120_000;

/** What became of a pasted block. */
export interface Pasted {
  /** Everything it printed. */
  readonly output: string;
  /** Why it counts as failed; undefined when it does not. */
  readonly failure: string | undefined;
}

/**
 * One shell that blocks are pasted into, one after the other. A block fails with its last command, or with any command before
 * whose failure the block does not deal with.
 */
export class Shell {
  readonly #bash: ChildProcess;
  readonly #told: AsyncIterator<string>;
  #output = '';

  constructor(directory: string, environment: NodeJS.ProcessEnv) {
    this.#bash = spawn('bash', ['--noprofile', '--norc'], {
      cwd: directory,
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.#told = readline.createInterface({ input: this.#bash.stdio[3] as Readable })[Symbol.asyncIterator]();
    const keep = (text: string): void => void (this.#output += text);
    this.#bash.stdout?.setEncoding('utf8').on('data', keep);
    this.#bash.stderr?.setEncoding('utf8').on('data', keep);
    /* As for a person, who would see every line on the standard error: a failure is told, and the shell goes on. */
    this.#bash.stdin?.write(`trap 'echo "failed: $BASH_COMMAND" >&3' ERR; set -E -o pipefail\n`);
  }

  async paste(block: string): Promise<Pasted> {
    this.#output = '';
    this.#bash.stdin?.write(`${block}\necho "status: $?" >&3\n`);
    const deadline = setTimeout(() => this.#bash.kill('SIGKILL'), PATIENCE_MS);
    try {
      const failures: string[] = [];
      for (;;) {
        const told = await this.#told.next();
        if (told.done) return { output: this.#output, failure: 'it did not come to its end' };
        const status = /^status: (\d+)$/.exec(told.value)?.[1];
        if (status === undefined) failures.push(told.value);
        else if (status !== '0' && failures.length === 0) failures.push(`its last command ended with ${status}`);
        if (status !== undefined) return { output: this.#output, failure: failures[0] };
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  async close(): Promise<void> {
    const ended = this.#bash.exitCode === null && this.#bash.signalCode === null ? once(this.#bash, 'exit') : undefined;
    this.#bash.stdin?.end();
    await ended;
  }
}
