import fs from 'node:fs/promises';

/** What can be seen of a server's process from outside. */
export interface ServerFigures {
  /** Bytes of memory that are really there. */
  readonly memory: number;
  /** Open files and connections. */
  readonly descriptors: number;
  /** The open files of the content store. */
  readonly contents: number;
  /** Bytes of content that waits in the spool. */
  readonly waiting: number;
}

/** @throws when there is no such process any more. */
export async function readFigures(pid: number): Promise<ServerFigures> {
  const status = await fs.readFile(`/proc/${pid}/status`, 'utf8');
  const files = await openFiles(pid);
  const spooled = files.filter(({ target }) => target.includes('/spool/'));
  const sizes = await Promise.all(spooled.map(({ descriptor }) => sizeOf(descriptor)));
  return {
    memory: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024,
    descriptors: files.length,
    contents: files.filter(({ target }) => target.includes('/content/')).length,
    waiting: sizes.reduce((sum, size) => sum + size, 0),
  };
}

/** The open files of the content store of a server that runs in this process. */
export async function openContents(): Promise<number> {
  return (await readFigures(process.pid)).contents;
}

/** Files and connections a process has open. One that is closed meanwhile is no file any more. */
async function openFiles(pid: number): Promise<{ descriptor: string; target: string }[]> {
  const names = await fs.readdir(`/proc/${pid}/fd`);
  return Promise.all(
    names.map(async (name) => {
      const descriptor = `/proc/${pid}/fd/${name}`;
      return { descriptor, target: await fs.readlink(descriptor).catch(() => '') };
    }),
  );
}

/** By way of the descriptor, for what is in the spool has no name. */
async function sizeOf(descriptor: string): Promise<number> {
  const stats = await fs.stat(descriptor).catch(() => undefined);
  return stats?.size ?? 0;
}

/** A figure of the server's own, as `/metrics` has it: `lighterage_memory_waiting`. */
export async function readMetric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((line) => line.startsWith(`${name} `));
  if (line === undefined) throw new Error(`There is no figure ${name}.`);
  return Number(line.slice(name.length));
}
