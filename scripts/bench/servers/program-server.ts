import fs from 'node:fs';
import path from 'node:path';
import { ServerProcess } from '../server-process.js';
import type { Workplace } from './contestant.js';

/** Starts one of the built programs on a directory with the cargo in it. */
export async function startProgram(
  name: string,
  { cargo, cores, directory, nodeOptions, programs }: Workplace,
  ...args: string[]
): Promise<ServerProcess> {
  if (cargo !== undefined) fs.linkSync(cargo, path.join(directory, 'cargo'));
  return ServerProcess.start({
    args: [...nodeOptions, path.join(programs, name), directory, ...args],
    cores,
    output: path.join(directory, '..', `${path.basename(directory)}.log`),
  });
}
