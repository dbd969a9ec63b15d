import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Call } from '../operations/operation.js';
import { FairGate } from '../values/fair-gate.js';
import { siteOf } from '../values/network.js';

/** A shorter text fits into a packet as it is: compressing it would save nothing, bytes. */
const LEAST_COMPRESSED = 1024;

/**
 * How many texts are compressed at once: it keeps one of the threads busy that sync content too, of which Node.js has four, and log-ins take two of
 * those (LogInThrottle). They are the process's, so this is as well.
 */
const AT_ONCE = 1;

const gate = new FairGate({ width: AT_ONCE });

const gzip = promisify<string | Buffer, Buffer>(zlib.gzip);

/**
 * Compresses the text of an answer when that is worth it and the caller takes it, and sets the headers that say so: one after the other, by turns of
 * the sites they are for. Not for answers with content in them: most of it is compressed already, and all of it is sent as it is read.
 *
 * @returns undefined when the caller has left meanwhile.
 */
export async function compressText(
  response: ServerResponse,
  text: string | Buffer,
  caller: Call,
): Promise<string | Buffer | undefined> {
  if (Buffer.byteLength(text) < LEAST_COMPRESSED) return text;
  response.setHeader('Vary', 'Accept-Encoding');
  if (!acceptsGzip(response.req.headers['accept-encoding'])) return text;
  response.setHeader('Content-Encoding', 'gzip');
  try {
    return await gate.run(siteOf(caller.address), () => compress(text, caller), caller);
  } catch (error) {
    if (caller.gone?.aborted) return undefined;
    throw error;
  }
}

/** @throws the reason of the caller's signal */
async function compress(text: string | Buffer, { gone }: Call): Promise<Buffer> {
  gone?.throwIfAborted();
  return gzip(text);
}

/** Reads an Accept-Encoding header (RFC 9110, 12.5.3). Without one a caller may take anything; those who do say so. */
export function acceptsGzip(header: string | undefined): boolean {
  const weights = new Map((header ?? '').split(',').map(readCoding));
  const weight = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0;
  return weight > 0;
}

function readCoding(element: string): [coding: string, weight: number] {
  const [coding = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  return [coding, weight === undefined ? 1 : Number(weight.slice(2))];
}
