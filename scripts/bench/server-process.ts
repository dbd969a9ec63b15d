import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { bound } from './cores.js';
import { type CpuTime, cpuTime, peakMemory, residentMemory, resetPeakMemory } from './process-usage.js';

export interface ServerOptions {
  /** What `node` is called with. */
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cores: string | undefined;
  /** The file that takes what it prints: nobody has to be awake to read it. */
  readonly output: string;
}

/**
 * Node.js throws compiled code away in a process that is idle for some seconds, as servers are here while the others have their turns. A server at
 * work is not idle: without this, all that is larger than the bare program would be measured while its code is compiled again.
 */
const AS_AT_WORK = ['--no-memory-reducer', '--no-flush-bytecode'];

const START_MS = 60_000;
const STOP_MS = 60_000;
const LOOK_MS = 20;

/** How long to let a server come to rest before what it used is read, ms. */
const REST_MS = 60;

/** What runs, and must not when the benchmark ends, however it ends. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A server that is measured, in a process of its own. */
export class ServerProcess {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #pid: number;
  readonly #output: string;
  /** Resident memory when it had just started, bytes. */
  readonly idleMemory: number;

  private constructor(process: ChildProcess, pid: number, port: number, output: string) {
    this.#process = process;
    this.#pid = pid;
    this.port = port;
    this.#output = output;
    this.idleMemory = residentMemory(pid);
    resetPeakMemory(pid);
  }

  /** Starts `node` and waits until it prints the address it serves. */
  static async start({ args, cores, environment, output }: ServerOptions): Promise<ServerProcess> {
    const file = fs.openSync(output, 'w');
    const [program, ...rest] = bound(cores, [process.execPath, ...AS_AT_WORK, ...args]);
    const child = spawn(program, rest, { env: { ...ownEnvironment(), ...environment }, stdio: ['ignore', file, file] });
    fs.closeSync(file);
    running.add(child);
    child.once('exit', () => running.delete(child));
    const { pid } = child;
    if (pid === undefined) throw new Error(`${program} could not be started.`);
    for (const deadline = Date.now() + START_MS; ;) {
      const text = fs.readFileSync(output, 'utf8');
      const port = /^.*serves http:\/\/[^:]+:(\d+)/m.exec(text)?.[1];
      if (port !== undefined) {
        await delay(REST_MS);
        return new ServerProcess(child, pid, Number(port), output);
      }
      if (child.exitCode !== null || Date.now() > deadline) {
        child.kill('SIGKILL');
        throw new Error(`A server did not start:\n${text}`);
      }
      await delay(LOOK_MS);
    }
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Processor time so far, once it is at rest. */
  async cpuTime(): Promise<CpuTime> {
    await delay(REST_MS);
    return cpuTime(this.#pid);
  }

  get memory(): number {
    return residentMemory(this.#pid);
  }

  /** The most it has held since it started, or since the last {@link resetPeak}, above what it held idle, bytes. */
  get peakAboveIdle(): number {
    return Math.max(0, peakMemory(this.#pid) - this.idleMemory);
  }

  resetPeak(): void {
    resetPeakMemory(this.#pid);
  }

  /** What it printed last. */
  get lastWords(): string {
    return fs.readFileSync(this.#output, 'utf8').slice(-2000);
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const deadline = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(deadline);
  }
}

/** Settings of whoever runs the benchmark must not be those of what is measured. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('LIGHTERAGE_') && name !== 'NODE_OPTIONS'),
  );
}
