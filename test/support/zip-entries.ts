import type { Readable } from 'node:stream';
import yauzl from 'yauzl';

/** The entries of a zip: content by path, in the order they stand in. A folder's path ends with a slash and has no content. */
export async function zipEntries(zip: Buffer): Promise<[path: string, content: string][]> {
  const file = await yauzl.fromBufferPromise(zip);
  const entries: [string, string][] = [];
  for await (const entry of file.eachEntry()) {
    entries.push([entry.fileName, await textOf(await file.openReadStreamPromise(entry))]);
  }
  return entries;
}

async function textOf(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
