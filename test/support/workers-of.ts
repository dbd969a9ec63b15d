import fs from 'node:fs/promises';

/** The worker processes of a server, as the system knows them (Linux, proc(5)). None when there is no such server. */
export async function workersOf(pid: number): Promise<number[]> {
  const text = await fs.readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}
