import zlib from 'node:zlib';
import { readXml } from '../support/xml-element.js';
import { NO_CHUNKS, splitAnswer } from './connection.js';

/** What no answer may hold, whatever was asked: stacks, paths of the server, its SQL, its own words for what nobody expected. */
const FORBIDDEN: readonly RegExp[] = [
  /^\s+at .+:\d+:\d+\)?$/m,
  /node:internal|node_modules|\/dist\/|file:\/\/\/(?!etc)|\.(?:js|ts):\d+/,
  /SQLITE_|better-sqlite|\b(?:upload_handlers|unclaimed_contents)\b|\b(?:select|insert|update|delete)\b.+\b(?:from|into|set)\b.+["`]/i,
  /\b(?:TypeError|RangeError|ReferenceError|SyntaxError|ERR_[A-Z_]+|E[A-Z]{4,}:)/,
  /SystemError/,
];

/** What an answer may be, by its Content-Type: the statuses it comes with, and what its body is like. */
const FORMS: Readonly<Record<string, { statuses: readonly number[]; check: (body: string) => void }>> = {
  'text/xml': { statuses: [200, 400, 413, 415, 500], check: checkXml },
  'application/soap+xml': { statuses: [200, 400, 413, 415, 500], check: checkXml },
  'multipart/related': { statuses: [200, 400, 413, 415, 500], check: checkMultipart },
  'application/octet-stream': { statuses: [200], check: () => undefined },
  'text/plain': {
    statuses: [200, 400, 408, 413, 414, 415, 431, 500, 503],
    check: (body) => requireMatch(body, /\n$|^GET, HEAD$/),
  },
  'text/html': { statuses: [200, 404, 405, 500], check: (body) => requireMatch(body, /^<!DOCTYPE html>/i) },
  'application/json': { statuses: [500], check: (body) => void JSON.parse(body) },
  '': { statuses: [204], check: (body) => requireMatch(body, /^$/) },
};

const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

/**
 * Checks that what came back is nothing, or an answer in a form that is documented, and gives nothing away. @throws Error that says what is wrong.
 *
 * @param data - The server's data directory, which no answer may name.
 */
export function checkAnswer(received: Buffer, isHead: boolean, data: string): string {
  if (received.length === 0 || received.equals(CONTINUE)) return 'closed';
  const answer = splitAnswer(received);
  if (!answer) throw new Error('This is no whole answer.');
  const { body, headers, status } = answer;
  const type = /^content-type: *([^;\r]*)/im.exec(headers)?.[1]?.toLowerCase() ?? '';
  const form = FORMS[type];
  if (!form?.statuses.includes(status)) throw new Error(`HTTP ${status} ${type} is not documented.`);
  const length = Number(/^content-length: *(\d+)/im.exec(headers)?.[1] ?? body.length);
  if (isHead || status === 204 || body.length < length) return `${status} ${type}`;
  const isChunked =
    /^transfer-encoding: *chunked/im.test(headers) && body.subarray(0, NO_CHUNKS.length).equals(Buffer.from(NO_CHUNKS));
  const exact = body.subarray(0, isChunked ? 0 : length);
  const decoded = /^content-encoding: *gzip/im.test(headers) ? zlib.gunzipSync(exact) : exact;
  const text = `${headers}\n${decoded.toString()}`;
  const found = FORBIDDEN.find((pattern) => pattern.test(text));
  if (found) throw new Error(`The answer gives away ${String(found)}: ${found.exec(text)?.[0] ?? ''}`);
  if (text.includes(data)) throw new Error('The answer names the data directory.');
  form.check(decoded.toString());
  return `${status} ${type}`;
}

function checkXml(body: string): void {
  const { name } = readXml(body);
  if (!['Envelope', 'root', 'response', 'Response', 'definitions', 'discovery'].includes(name)) {
    throw new Error(`<${name}> is not documented.`);
  }
}

function checkMultipart(body: string): void {
  requireMatch(body, /^--uuid:[\s\S]*<soap:Envelope[\s\S]*\r\n--uuid:[-0-9a-f]+--\r\n$/);
}

function requireMatch(body: string, pattern: RegExp): void {
  if (!pattern.test(body)) throw new Error(`The body does not match ${String(pattern)}: ${body.slice(0, 200)}`);
}
