import { join } from 'node:path';
import type { Command } from '../../../support/command.js';

/** A program of this directory under the system's Python, which is the one that has Debian's packages. */
export function pythonCommand(file: string, environment: Readonly<Record<string, string>> = {}): Command {
  return { program: '/usr/bin/python3', arguments: ['-B', join(import.meta.dirname, file)], environment };
}
