import { once } from 'node:events';
import readline from 'node:readline';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure } from '../values/failure.js';

/** A stream to read from; `isTTY` when a person is at its other end. */
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** What a command reads from and writes to. */
export interface TerminalOptions {
  readonly input: Input;
  readonly output: NodeJS.WritableStream;
  readonly errors: NodeJS.WritableStream;
}

/** The terminal, or what stands for it in a pipeline. */
export class Terminal {
  readonly #options: TerminalOptions;
  /** What is printed is not to be had any more, as when it goes through `head`, or to a disk that is full. */
  #isClosed = false;
  #failure: Error | undefined;

  constructor(options: TerminalOptions) {
    this.#options = options;
    /* Whoever writes is told: see #note. */
    options.output.on('error', () => undefined);
    /* There is nobody left to be told. */
    options.errors.on('error', () => undefined);
  }

  /** Writes a line of the command's result. */
  print(line: string): void {
    this.#write(line);
  }

  /** Writes a line that says how it is going. That it cannot be written is no trouble but to who says what is to be done then. */
  tell(line: string, otherwise?: () => void): void {
    this.#options.output.write(`${line}\n`, (error) => {
      if (error) otherwise?.();
    });
  }

  /** To be called when a command has printed its result. @throws Failure when it could not be written. */
  async settle(): Promise<void> {
    /* A file says in this very turn that it cannot be written to. */
    await nextTurn();
    if (this.#failure) throw new Failure('The output could not be written', { cause: this.#failure });
  }

  /** Writes lines as they come, no faster than they are taken, and no more than are read. */
  async printEach(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      if (this.#isClosed) return;
      if (!this.#write(line)) await this.#drained();
    }
  }

  /** Writes a line about what went wrong. */
  complain(line: string): void {
    this.#options.errors.write(`${line}\n`);
  }

  /** Writes rows with their columns below each other. */
  printTable(rows: readonly (readonly string[])[]): void {
    const widths: number[] = [];
    for (const row of rows) row.forEach((cell, n) => (widths[n] = Math.max(widths[n] ?? 0, cell.length)));
    for (const row of rows)
      this.print(
        row
          .map((cell, n) => cell.padEnd(widths[n] ?? 0))
          .join('  ')
          .trimEnd(),
      );
  }

  /** Reads a password: from a person, unseen, or the first line of a pipe. @throws Failure when there is none. */
  readPassword(): Promise<string> {
    return this.#readUnseen((ask) => ask('Password: '));
  }

  /**
   * Reads a new password: as {@link readPassword}, but a person types it twice. Never from the arguments, which everybody on the
   * machine can read. @throws Failure when there is none, or the two are not the same.
   */
  readNewPassword(): Promise<string> {
    return this.#readUnseen(async (ask) => {
      const password = await ask('Password: ');
      if (this.#isPerson && password !== (await ask('Password again: '))) {
        throw new Failure('The two passwords are not the same.');
      }
      return password;
    });
  }

  async #drained(): Promise<void> {
    try {
      await once(this.#options.output, 'drain');
    } catch (error) {
      if (!this.#isClosed) throw error;
    }
  }

  #write(line: string): boolean {
    return this.#options.output.write(`${line}\n`, (error) => {
      if (error) this.#note(error);
    });
  }

  /** That nobody reads any more is no trouble. Any other is. */
  #note(error: Error): void {
    this.#isClosed = true;
    if (!('code' in error) || error.code !== 'EPIPE') this.#failure ??= error;
  }

  get #isPerson(): boolean {
    return this.#options.input.isTTY === true;
  }

  async #readUnseen(read: (ask: (prompt: string) => Promise<string>) => Promise<string>): Promise<string> {
    const { input, errors } = this.#options;
    const isPerson = this.#isPerson;
    const lines = readline.createInterface({
      input,
      crlfDelay: Infinity,
      ...(isPerson ? { output: nowhere(), terminal: true, historySize: 0 } : {}),
    });
    lines.once('SIGINT', () => lines.close());
    const typed = lines[Symbol.asyncIterator]();
    try {
      return await read(async (prompt) => {
        if (isPerson) errors.write(prompt);
        const line = await typed.next();
        if (isPerson) errors.write('\n');
        if (line.done) throw new Failure('No password was given.');
        return line.value;
      });
    } finally {
      lines.close();
    }
  }
}

/** What is typed is echoed here. */
function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
