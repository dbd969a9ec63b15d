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
  if (count < 2 || !canBind()) return anyCore;
  return { server: '0', load: count === 2 ? '1' : `1-${count - 1}` };
}

/** So many cores, for server and load together; undefined where there are not so many, or no `taskset`. */
export function sharedCores(count: number): Cores | undefined {
  if (os.availableParallelism() < count || !canBind()) return undefined;
  const cores = `0-${count - 1}`;
  return { server: cores, load: cores };
}

function canBind(): boolean {
  const [program, ...args] = bound('0', ['true']);
  return spawnSync(program, args).status === 0;
}

/** Of util-linux, as `taskset` is: ends a process with the one that began it, also where that is killed and can end nothing itself. */
const WITH_ITS_PARENT = ['setpriv', '--pdeathsig', 'KILL'];

/** The command that runs `command` on these cores. */
export function bound(cores: string | undefined, command: readonly string[]): [program: string, ...args: string[]] {
  const [program = '', ...args] =
    cores === undefined ? command : [...WITH_ITS_PARENT, 'taskset', '-c', cores, ...command];
  return [program, ...args];
}
