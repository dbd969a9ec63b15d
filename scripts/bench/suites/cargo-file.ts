import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { MIB } from '../units.js';

/** Bytes: more than a processor's cache holds, and little enough for the system's. */
export const CARGO_SIZE = 128 * MIB;

/** Makes a file of content to be downloaded. */
export function makeCargo(directory: string): string {
  const file = path.join(directory, 'cargo');
  const piece = crypto.randomBytes(MIB);
  const descriptor = fs.openSync(file, 'w');
  for (let position = 0; position < CARGO_SIZE; position += piece.length) {
    fs.writeSync(descriptor, piece, 0, piece.length, position);
  }
  fs.closeSync(descriptor);
  return file;
}
