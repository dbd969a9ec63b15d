import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

/** A shorter text fits into a packet as it is: compressing it would save nothing, bytes. */
const LEAST_COMPRESSED = 1024;

const gzip = promisify<string | Buffer, Buffer>(zlib.gzip);

/**
 * Compresses the text of an answer when that is worth it and the caller takes it, and sets the headers that say so. Not for
 * answers with content in them: most of it is compressed already, and all of it is sent as it is read.
 */
export async function compressText(response: ServerResponse, text: string | Buffer): Promise<string | Buffer> {
  if (Buffer.byteLength(text) < LEAST_COMPRESSED) return text;
  response.setHeader('Vary', 'Accept-Encoding');
  if (!acceptsGzip(response.req.headers['accept-encoding'])) return text;
  response.setHeader('Content-Encoding', 'gzip');
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
