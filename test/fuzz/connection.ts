import net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Pieces } from './mutations.js';

/** When nothing has come for so long, the caller says that nothing more will come from it, ms. */
const SILENCE_MS = 100;

/** How long after that the server may take to answer or to close, ms. */
const PATIENCE_MS = 20_000;

/** A body in chunks that has none. */
export const NO_CHUNKS = '0\r\n\r\n';

export class Hang extends Error {
  override readonly name = 'Hang';
}

/**
 * Sends a request on a connection of its own. Fulfilled with all that came back when the answer was complete or the server closed.
 * @throws Hang when neither happens.
 */
export function talk(port: number, pieces: Pieces): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    const silence = setTimeout(() => socket.end(), SILENCE_MS);
    const patience = setTimeout(() => finish(new Hang('The connection is neither answered nor closed.')), PATIENCE_MS);
    const finish = (error?: Error): void => {
      clearTimeout(silence);
      clearTimeout(patience);
      socket.destroy();
      if (error) reject(error);
      else resolve(Buffer.concat(received));
    };
    socket.on('data', (bytes) => {
      received.push(bytes);
      silence.refresh();
      if (isComplete(received)) finish();
    });
    socket.on('end', () => finish());
    socket.on('close', () => finish());
    /* The server may close before all has been sent. */
    socket.on('error', () => finish());
    void send(socket, pieces);
  });
}

async function send(socket: net.Socket, pieces: Pieces): Promise<void> {
  for (const piece of pieces) {
    if (!socket.writable) return;
    socket.write(piece);
    if (pieces.length > 1) await setImmediate();
  }
}

/** Whether an answer has come as a whole. Of several, the first counts: the connection is closed then. */
function isComplete(received: readonly Buffer[]): boolean {
  const bytes = Buffer.concat(received);
  const { body, headers, status } = splitAnswer(bytes) ?? {};
  if (!body || !headers) return false;
  if (status === 204) return true;
  /* In chunks come only answers without a body: Node's own. */
  if (/^transfer-encoding: *chunked/im.test(headers)) return body.includes(NO_CHUNKS);
  const length = /^content-length: *(\d+)/im.exec(headers)?.[1];
  return length !== undefined && body.length >= Number(length);
}

/** The parts of an answer; undefined when its headers are not there yet. An interim answer is skipped. */
export function splitAnswer(bytes: Buffer): { status: number; headers: string; body: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const headers = bytes.toString('latin1', 0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(headers)?.[1]);
  const body = bytes.subarray(end + 4);
  return status === 100 ? splitAnswer(body) : { status, headers, body };
}
