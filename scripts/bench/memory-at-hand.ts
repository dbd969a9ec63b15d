import fs from 'node:fs';
import path from 'node:path';
import { GIB, MIB } from './units.js';

/** More than is uploaded in a turn, bytes. */
const AMOUNT = GIB;

/**
 * Sees to it that the system has free memory at hand for the files of the next turn, by writing a file and removing it. A virtual machine gives its host
 * back what has been free for some seconds, and writing a file costs more where it has to be asked for again: what a turn
 * cost would depend on what the one before it has left.
 */
export function bringMemory(directory: string): void {
  const file = path.join(directory, 'memory');
  const piece = Buffer.alloc(MIB, 1);
  const descriptor = fs.openSync(file, 'w');
  for (let position = 0; position < AMOUNT; position += piece.length) {
    fs.writeSync(descriptor, piece, 0, piece.length, position);
  }
  fs.closeSync(descriptor);
  fs.rmSync(file);
}
