/**
 * The limit the server is compared with: the same envelopes over node:http, and nothing but what the bytes need. No XML parser, no
 * tickets, no database, no limits. What comes in is decoded as it arrives, on 4-byte boundaries, into a reused buffer, its CRC-32 taken
 * while the piece is in the cache, and written to its place; what goes out is read into a reused buffer, and encoded
 * as the socket drains.
 *
 * `node bare-server.js <directory>`; prints where it listens. `DELETE /` removes what was uploaded.
 */
import fs from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { listenAndTell } from './listen-and-tell.js';
import { Pool } from './pool.js';

/** Bytes written at a time: what stays in a core's cache. Pieces of 1 MiB cost a fifth more. */
const WRITE = 256 * 1024;

/** Base64 decoded at a time, bytes: what a socket delivers at once. */
const DECODE = 64 * 1024;

/** Bytes encoded at a time, and sent at a time. Multiples of 3: no padding but at the end. */
const ENCODE = 48 * 1024;
const SEND = 192 * 1024;

/** A chunk up to this size is held while its checksum is taken; a larger one is read twice. */
const HOLD = 1024 * 1024;

const CONTENT_START = '<fileChunk>';
const LESS_THAN = 0x3c;

interface StagedFile {
  readonly file: number;
  length: number;
}

const directory = process.argv[2] ?? '.';
const staged = new Map<string, StagedFile>();
const sources = new Map<string, { file: number; size: number }>();
const writeBuffers = new Pool(() => Buffer.allocUnsafeSlow(WRITE));
const readBuffers = new Pool(() => Buffer.allocUnsafeSlow(HOLD));
const sendBuffers = new Pool(() => Buffer.allocUnsafeSlow((SEND / 3) * 4));

const server = http.createServer((request, response) => {
  if (request.method === 'DELETE') removeAll(response);
  else if (request.headers['soapaction']?.includes('Upload')) receive(request, response);
  else readSmall(request, (text) => void send(response, text));
});
listenAndTell(server);

/** Takes one chunk. */
class Upload {
  readonly #out = writeBuffers.take();
  #target: StagedFile | undefined;
  #position = 0;
  #filled = 0;
  #crc = 0;
  #before = '';
  /** Base64 characters, fewer than four, whose group is not complete. */
  #carried = '';
  #after = '';
  #part: 'before' | 'content' | 'after' = 'before';

  take(bytes: Buffer): void {
    let start = 0;
    if (this.#part === 'before') {
      start = this.#findContent(bytes);
      if (start === -1) return;
    }
    if (this.#part === 'content') start = this.#takeContent(bytes, start);
    if (this.#part === 'after') this.#after += bytes.toString('latin1', start, bytes.length);
  }

  /** Records the chunk; returns whether its checksum is the one that was announced. */
  end(): boolean {
    this.#flush();
    writeBuffers.give(this.#out);
    const claimed = /<chunkHEXCRC>([0-9A-Fa-f]+)</.exec(this.#after)?.[1] ?? '';
    const isRight = Number.parseInt(claimed, 16) === this.#crc;
    if (isRight && this.#target) this.#target.length = this.#position;
    return isRight;
  }

  #findContent(bytes: Buffer): number {
    const seen = this.#before.length;
    this.#before += bytes.toString('latin1', 0, bytes.length);
    const found = this.#before.indexOf(CONTENT_START);
    if (found === -1) return -1;
    const name = /<uploadHandler>([^<]+)</.exec(this.#before)?.[1] ?? '';
    this.#target = openStaged(name);
    this.#position = this.#target.length;
    this.#part = 'content';
    return found + CONTENT_START.length - seen;
  }

  #takeContent(bytes: Buffer, from: number): number {
    const found = bytes.indexOf(LESS_THAN, from);
    const end = found === -1 ? bytes.length : found;
    if (found !== -1) this.#part = 'after';
    let start = from;
    if (this.#carried !== '') {
      start = Math.min(end, from + 4 - this.#carried.length);
      this.#carried += bytes.toString('latin1', from, start);
      if (this.#carried.length < 4) return end;
      this.#decode(this.#carried);
      this.#carried = '';
    }
    const whole = end - ((end - start) & 3);
    for (let at = start; at < whole; at += DECODE)
      this.#decode(bytes.toString('latin1', at, Math.min(at + DECODE, whole)));
    if (whole < end) this.#carried = bytes.toString('latin1', whole, end);
    return end;
  }

  #decode(text: string): void {
    if (this.#filled + DECODE > WRITE) this.#flush();
    const length = this.#out.write(text, this.#filled, 'base64');
    this.#crc = zlib.crc32(this.#out.subarray(this.#filled, this.#filled + length), this.#crc);
    this.#filled += length;
  }

  #flush(): void {
    if (!this.#target) return;
    for (let done = 0; done < this.#filled;) {
      done += fs.writeSync(this.#target.file, this.#out, done, this.#filled - done, this.#position + done);
    }
    this.#position += this.#filled;
    this.#filled = 0;
  }
}

function receive(request: IncomingMessage, response: ServerResponse): void {
  const upload = new Upload();
  request.on('data', (bytes: Buffer) => upload.take(bytes));
  request.on('end', () => {
    const body = envelope(`<root success="${upload.end()}" tryagain="false" xmlns="" />`);
    response.writeHead(200, { 'Content-Type': 'text/xml; charset=utf-8', 'Content-Length': body.length });
    response.end(body);
  });
}

async function send(response: ServerResponse, request: string): Promise<void> {
  const name = /<DownloadHandler>([^<]+)</.exec(request)?.[1] ?? '';
  const offset = Number(/<StartOffset>(\d+)</.exec(request)?.[1]);
  const { file, size } = openSource(name);
  const length = Math.min(Number(/<ChunkSize>(\d+)</.exec(request)?.[1]), size - offset);
  const hold = readBuffers.take();
  const out = sendBuffers.take();
  const isHeld = length <= HOLD;
  const crc = checksum(file, offset, length, hold);
  const [before = '', after = ''] = envelope(
    `<response success="true" filelength="${size}" chunklength="${length}" lastchunk="${offset + length === size}" ` +
      `chunkCRC32="${crc.toString(16).padStart(8, '0')}" xmlns="">|</response>`,
  ).split('|');
  response.writeHead(200, {
    'Content-Type': 'text/xml; charset=utf-8',
    'Content-Length': before.length + Math.ceil(length / 3) * 4 + after.length,
  });
  response.write(before);
  for (let position = 0; position < length; position += SEND) {
    const end = Math.min(position + SEND, length);
    if (!isHeld) readRange(file, hold, offset + position, end - position);
    const text = encode(hold, isHeld ? position : 0, isHeld ? end : end - position, out);
    await new Promise((resolve) => response.write(out.subarray(0, text), resolve));
  }
  response.end(after);
  readBuffers.give(hold);
  sendBuffers.give(out);
}

function checksum(file: number, offset: number, length: number, buffer: Buffer): number {
  let crc = 0;
  for (let done = 0; done < length; done += WRITE) {
    const at = length <= HOLD ? done : 0;
    const piece = buffer.subarray(at, at + Math.min(WRITE, length - done));
    readRange(file, piece, offset + done, piece.length);
    crc = zlib.crc32(piece, crc);
  }
  return crc;
}

function encode(bytes: Buffer, from: number, to: number, out: Buffer): number {
  let length = 0;
  for (let at = from; at < to; at += ENCODE) {
    length += out.write(bytes.toString('base64', at, Math.min(at + ENCODE, to)), length, 'latin1');
  }
  return length;
}

function readRange(file: number, buffer: Buffer, position: number, length: number): void {
  for (let done = 0; done < length;) {
    const count = fs.readSync(file, buffer, done, length - done, position + done);
    if (count === 0) throw new Error('The file ended too early.');
    done += count;
  }
}

function readSmall(request: IncomingMessage, use: (text: string) => void): void {
  let text = '';
  request.setEncoding('latin1').on('data', (piece: string) => (text += piece));
  request.on('end', () => use(text));
}

function openStaged(name: string): StagedFile {
  const known = staged.get(name);
  if (known) return known;
  const opened = { file: fs.openSync(path.join(directory, path.basename(name)), 'w'), length: 0 };
  staged.set(name, opened);
  return opened;
}

function openSource(name: string): { file: number; size: number } {
  const known = sources.get(name);
  if (known) return known;
  const file = fs.openSync(path.join(directory, path.basename(name)), 'r');
  const opened = { file, size: fs.fstatSync(file).size };
  sources.set(name, opened);
  return opened;
}

function removeAll(response: ServerResponse): void {
  for (const [name, { file }] of staged) {
    fs.closeSync(file);
    fs.unlinkSync(path.join(directory, path.basename(name)));
  }
  staged.clear();
  response.writeHead(204).end();
}

function envelope(result: string): string {
  return (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>' +
    `<Response xmlns="http://tempuri.org/"><Result>${result}</Result></Response></soap:Body></soap:Envelope>`
  );
}
