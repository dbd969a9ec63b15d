import { zipEntries } from '../support/zip-entries.js';
import { bytesOf, crc32Of } from './cargo.js';
import type { DownloadEntry, ShownZip } from './ledger.js';
import type { Line } from './line.js';
import { Violation } from './violation.js';

/** Reads all that a download shows and compares it with what it must. @throws Violation, NoAnswer */
export async function readDownload(line: Line, ticket: string, download: DownloadEntry): Promise<void> {
  const { handler, shows } = download;
  const bytes = await readAll(line, ticket, handler);
  if (shows.kind === 'zip') return requireZip(handler, shows, bytes);
  requireSame(`The download ${handler}`, bytes, bytesOf(shows.content.pieces));
}

/** Reads some bytes of a download. @throws Violation, NoAnswer */
export async function requireRange(
  line: Line,
  ticket: string,
  handler: string,
  { file, length, offset }: { file: Buffer; offset: number; length: number },
): Promise<void> {
  const chunk = await readChunk(line, ticket, handler, { offset, length });
  requireSame(`The download ${handler}, from ${offset} on,`, chunk.bytes, file.subarray(offset, offset + length));
  const isLast = offset + chunk.bytes.length === file.length;
  if (chunk.isLast === isLast) return;
  throw new Violation(`The download ${handler} says of the chunk at ${offset} lastchunk="${chunk.isLast}".`);
}

/** @throws Violation where the bytes are others than they must be. */
export function requireSame(what: string, found: Buffer, expected: Buffer): void {
  if (found.equals(expected)) return;
  const length = Math.min(found.length, expected.length);
  let offset = 0;
  while (offset < length && found[offset] === expected[offset]) offset++;
  throw new Violation(
    `${what} has ${found.length} bytes with the CRC32 ${hex(found)} instead of ${expected.length} with ${hex(expected)}; ` +
      `they differ from offset ${offset} on.`,
  );
}

async function readAll(line: Line, ticket: string, handler: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let offset = 0; ;) {
    const { bytes, isLast } = await readChunk(line, ticket, handler, { offset, length: 0 });
    chunks.push(bytes);
    offset += bytes.length;
    if (isLast) return Buffer.concat(chunks);
    if (bytes.length === 0) throw new Violation(`The download ${handler} has an empty chunk at ${offset}.`);
  }
}

async function readChunk(
  line: Line,
  ticket: string,
  handler: string,
  { length, offset }: { offset: number; length: number },
): Promise<{ bytes: Buffer; isLast: boolean }> {
  const { attributes, text } = await line.call('DownloadFileChunk', {
    authenticationTicket: ticket,
    DownloadHandler: handler,
    StartOffset: offset,
    ChunkSize: length,
  });
  const bytes = Buffer.from(text, 'base64');
  if (hex(bytes) !== attributes['chunkCRC32']) {
    const said = attributes['chunkCRC32'] ?? '';
    throw new Violation(`The download ${handler} gives the CRC32 ${said} for a chunk at ${offset} with ${hex(bytes)}.`);
  }
  return { bytes, isLast: attributes['lastchunk'] === 'true' };
}

/** A zip has what went into it; and stays the same. */
async function requireZip(handler: string, shows: ShownZip, zip: Buffer): Promise<void> {
  const checksum = crc32Of(zip);
  if (shows.crc32 !== undefined && shows.crc32 !== checksum) {
    throw new Violation(`The zip ${handler} has the CRC32 ${hex(zip)}, and had ${shows.crc32.toString(16)} before.`);
  }
  shows.crc32 = checksum;
  const found = new Map(await zipEntries(zip));
  const names = [...found.keys()].sort().join(', ');
  const expected = [...shows.entries.keys()].sort().join(', ');
  if (names !== expected) throw new Violation(`In the zip ${handler} there is ${names} instead of ${expected}.`);
  for (const [name, { pieces }] of shows.entries) {
    /* Text on both sides: what is no UTF-8 is lost in the same way. */
    if (found.get(name) === bytesOf(pieces).toString()) continue;
    throw new Violation(`In the zip ${handler} ${name} is not as it was committed.`);
  }
}

/** As the contract has it in answers: lower case, 8 digits. */
function hex(bytes: Buffer): string {
  return crc32Of(bytes).toString(16).padStart(8, '0');
}
