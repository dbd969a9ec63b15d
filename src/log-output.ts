import { Writable } from 'node:stream';
import pino from 'pino';

/** Lines wait for no longer than this to be written, ms; so do those that could not be, until it is tried again. */
const LONGEST_DELAY_MS = 100;

/** What is kept of lines that cannot be written, bytes. Those that come when it is more are lost. */
const MOST_KEPT = 1024 * 1024;

/** How often it is waited at the end of the process, a tenth of a second each time, for a reader that has no room. */
const LAST_WAITS = 10;

/**
 * The standard output as the log writes to it. Lines that cannot be written, as when the disk is full, are kept and tried again: the server does not wait
 * for its log, and does not end for its sake. Lines are whole, or are not there at all. When the reader of a pipe has gone, nothing is written any more.
 */
export class LogOutput {
  /** Undefined once its reader has gone: only a pipe with a name could get another. */
  #output: ReturnType<typeof pino.destination> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #waitsLeft = 0;
  /** Whether something was left behind that has not been tried again yet. */
  #isBehind = false;

  /** @param gathered - So many bytes are written at a time. When the process ends by itself, what is gathered is written. */
  constructor(gathered: number) {
    this.#output = pino.destination({
      dest: 1,
      sync: true,
      minLength: gathered,
      maxLength: MOST_KEPT,
      /* Waiting would hold up all calls. */
      retryEAGAIN: () => this.#waitsLeft-- > 0,
    });
    this.#output.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    process.once('exit', () => this.#end());
  }

  write(line: string): void {
    if (!this.#output) return;
    this.#output.write(line);
    this.#writeSoon();
  }

  /** The same for what writes to streams. It never has it wait. */
  asStream(): Writable {
    return new Writable({
      decodeStrings: false,
      write: (line, _encoding, done) => {
        this.write(String(line));
        done();
      },
    });
  }

  /** What is kept of a pipe that is given up goes with it. */
  #failed({ code }: NodeJS.ErrnoException): void {
    if (code === 'EPIPE') {
      this.#output = undefined;
      return;
    }
    this.#isBehind = true;
    this.#writeSoon();
  }

  #writeSoon(): void {
    if (this.#timer || !this.#output) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const wasBehind = this.#isBehind;
      this.#isBehind = false;
      this.#output?.flush();
      /* What has waited for long is more than is written at a time; the end of it would wait for the next line. */
      if (wasBehind) this.#writeSoon();
    }, LONGEST_DELAY_MS).unref();
  }

  /** Not by `flushSync`, which tries without end. */
  #end(): void {
    this.#waitsLeft = LAST_WAITS;
    this.#output?.end();
  }
}
