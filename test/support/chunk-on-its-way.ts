import { once } from 'node:events';
import http from 'node:http';
import type { Answer } from './answer.js';
import { type Arguments, type HttpAnswer, MULTIPART } from './bindings.js';
import { type Caller, hexCrc32 } from './caller.js';

/** A chunk, or a document, of which the server has a part, over a connection of its own. */
export interface ChunkOnItsWay {
  /** Sends the rest. */
  finish(): Promise<Answer>;
  /** Goes away. */
  abandon(): Promise<void>;
  /** Fulfilled when the connection has ended before there was an answer. */
  readonly interrupted: Promise<void>;
}

export function beginChunk(caller: Caller, handler: string, bytes: Buffer): Promise<ChunkOnItsWay> {
  return begin(caller, 'UploadFileChunk', {
    ...{ authenticationTicket: caller.ticket, uploadHandler: handler, fileChunk: bytes },
    ...{ chunkHEXCRC: hexCrc32(bytes), lastChunk: false },
  });
}

export function beginDocument(caller: Caller, path: string, bytes: Buffer): Promise<ChunkOnItsWay> {
  return begin(caller, 'UploadDocument', { authenticationTicket: caller.ticket, path, fileContent: bytes });
}

/** Sends the head of a request, waits until the server asks for the body, and sends half of that. */
async function begin(caller: Caller, operation: string, args: Arguments): Promise<ChunkOnItsWay> {
  const { body, headers, path } = await MULTIPART.request(operation, args);
  const whole = Buffer.from(body ?? '');
  const half = whole.length >>> 1;
  const request = http.request(caller.service.url + path, {
    method: 'POST',
    headers: { ...headers, 'Content-Length': whole.length, Expect: '100-continue' },
    agent: false,
  });
  const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
  answered.catch(() => undefined);
  const interrupted = once(request, 'error').then(() => undefined);
  interrupted.catch(() => undefined);
  request.flushHeaders();
  await once(request, 'continue');
  await new Promise((resolve) => request.write(whole.subarray(0, half), resolve));
  return {
    interrupted,
    async finish() {
      request.end(whole.subarray(half));
      const [response] = await answered;
      return MULTIPART.read(operation, await readAnswer(response));
    },
    async abandon() {
      request.destroy(new Error('The caller went away.'));
      await interrupted;
    },
  };
}

async function readAnswer(response: http.IncomingMessage): Promise<HttpAnswer> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const { headers, statusCode = 0 } = response;
  return { status: statusCode, contentType: headers['content-type'] ?? '', body: Buffer.concat(pieces) };
}

/** A call that waits while another chunk is on its way to the handler. Its content comes first, so that all of it has come by then. */
export function chunkThatWaits({ ticket }: Caller, handler: string, crc: string): string {
  const body = `fileChunk=AAAAAAAAAAAAAAAA&chunkHEXCRC=${crc}&authenticationTicket=${ticket}&uploadHandler=${handler}`;
  return `POST /srv.asmx/UploadFileChunk HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
