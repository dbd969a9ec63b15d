import fs from 'node:fs/promises';

/** What can be seen of a server's process from outside. */
export interface ServerFigures {
  /** Bytes of memory that are really there. */
  readonly memory: number;
  /** Open files and connections. */
  readonly descriptors: number;
  /** The open files of the content store. */
  readonly contents: number;
}

/** @throws when there is no such process any more. */
export async function readFigures(pid: number): Promise<ServerFigures> {
  const status = await fs.readFile(`/proc/${pid}/status`, 'utf8');
  const names = await fs.readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(names.map((name) => fs.readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return {
    memory: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024,
    descriptors: targets.length,
    contents: targets.filter((target) => target.includes('/content/')).length,
  };
}

/** A figure of the server's own, as `/metrics` has it: `lighterage_memory_waiting`. */
export async function readMetric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((line) => line.startsWith(`${name} `));
  if (line === undefined) throw new Error(`There is no figure ${name}.`);
  return Number(line.slice(name.length));
}
