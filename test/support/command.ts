import { spawn } from 'node:child_process';

export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  /** Where it runs; the current directory when left out. */
  readonly directory?: string;
  /** In addition to the variables of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Outcome {
  /** The exit status; null when the program was killed. */
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program to its end and keeps what it prints. It is killed after `seconds`. */
export function run(command: Command, seconds = 180): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command.program, command.arguments, {
      cwd: command.directory,
      env: { ...process.env, ...command.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: seconds * 1000,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output, errors }));
  });
}

/** Runs a program that must succeed, and gives what it printed. Throws with all it said when its status is not 0. */
export async function succeed(command: Command, seconds?: number): Promise<string> {
  const { status, output, errors } = await run(command, seconds);
  if (status !== 0) {
    const said = `${output}\n${errors}`.trim().replaceAll('\n', ' | ').slice(0, 2000);
    throw new Error(`${command.program} ended with ${status ?? 'a signal'}: ${said}`);
  }
  return output + errors;
}
