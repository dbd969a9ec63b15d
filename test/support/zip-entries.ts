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

/** When each entry of a zip was last changed, by its path: a zip tells it in the reader's time zone where it does not tell it in UTC. */
export async function zipTimes(zip: Buffer): Promise<Record<string, string>> {
  const file = await yauzl.fromBufferPromise(zip);
  const times: Record<string, string> = {};
  for await (const entry of file.eachEntry()) times[entry.fileName] = entry.getLastModDate().toISOString();
  return times;
}

async function textOf(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
