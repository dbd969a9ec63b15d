import { spawnSync } from 'node:child_process';
import os from 'node:os';

/** Which cores servers run on and which the load generator: they must not take time from each other. */
export interface Cores {
  /** In the form taskset takes; undefined when processes are not bound to cores. */
  readonly server: string | undefined;
  readonly load: string | undefined;
}

export const anyCore: Cores = { server: undefined, load: undefined };

/** A core for the servers and the others for the load, where there are several and `taskset` is there to say so. */
export function separateCores(): Cores {
  const count = os.availableParallelism();
  const canBind = spawnSync('taskset', ['-c', '0', 'true']).status === 0;
  if (count < 2 || !canBind) return anyCore;
  return { server: '0', load: count === 2 ? '1' : `1-${count - 1}` };
}

/** The command that runs `command` on these cores. */
export function bound(cores: string | undefined, command: readonly string[]): [program: string, ...args: string[]] {
  const [program = '', ...args] = command;
  return cores === undefined ? [program, ...args] : ['taskset', '-c', cores, program, ...args];
}
