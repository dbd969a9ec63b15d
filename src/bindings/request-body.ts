import type { IncomingMessage } from 'node:http';
import zlib from 'node:zlib';
import { type MessageReader, UnreadableMessage } from './payload/argument-receiver.js';
import { pumpMessage } from './payload/message-pump.js';
import { type TextAccount, UNCOUNTED } from './payload/text-budget.js';

/** How much of a message that was refused is read and thrown away, so that the caller gets to see the answer, bytes. */
const DRAIN_LIMIT = 128 * 1024 * 1024;

/** How much more for each byte of content that its operation takes: base64 in UTF-16 takes nearly three, and may have line breaks and escapes. */
const MOST_TEXT_PER_BYTE = 4;

/** What undoing an encoding takes, bytes: zlib's state and window, and what has been decoded and not read yet. */
const DECODER_BYTES = 64 * 1024;

export interface ReadingOptions {
  /** Of the call. */
  readonly account: TextAccount;
  /** How long nothing may come, ms. */
  readonly idleLimit: number;
}

type Decoder = zlib.Gunzip | zlib.Inflate;

/**
 * Hands the body of a request to a reader, as {@link pumpMessage} does, with its Content-Encoding undone. What undid it is given up with the message:
 * of one that is refused the rest is thrown away as it came, see {@link drain}.
 *
 * @throws UnreadableMessage also for bytes behind the end of a compressed body: the request may go on there for long.
 */
export async function readBody(
  request: IncomingMessage,
  reader: MessageReader,
  { account, idleLimit }: ReadingOptions,
): Promise<void> {
  const body = decodedBody(request, account);
  if (!('bytesWritten' in body)) return pumpMessage(body, reader, idleLimit);
  let length = 0;
  request.on('data', (bytes: Buffer) => (length += bytes.length));
  try {
    await pumpMessage(body, reader, idleLimit);
    /* zlib leaves what it has no use for, but for another member of a gzip file (RFC 1952, 2.2), and has then come to its end. */
    if (body.bytesWritten < length)
      throw new UnreadableMessage('There are bytes behind the end of the compressed body.');
  } finally {
    body.destroy();
  }
}

/**
 * The body of a request with its Content-Encoding undone (RFC 9110, 8.4). What that takes counts among the texts of the call.
 * @throws UnreadableMessage for one we do not know.
 */
export function decodedBody(request: IncomingMessage, account: TextAccount): IncomingMessage | Decoder {
  const coding = codingOf(request);
  switch (coding) {
    case '':
      return request;
    case 'gzip':
    case 'x-gzip':
      return decode(request, account, zlib.createGunzip());
    case 'deflate':
      return decode(request, account, zlib.createInflate());
    default:
      throw new UnreadableMessage(`The Content-Encoding ${coding} is not known; gzip and deflate are.`);
  }
}

/** Whether a body is read through a decoder, which holds some of it also when the request has come to its end. */
export function isEncoded(request: IncomingMessage): boolean {
  return codingOf(request) !== '';
}

/** Empty for none. */
function codingOf({ headers }: IncomingMessage): string {
  const coding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  return coding === 'identity' ? '' : coding;
}

function decode(request: IncomingMessage, account: TextAccount, decoder: Decoder): Decoder {
  account.take(UNCOUNTED + DECODER_BYTES);
  /* Whoever reads it hears of errors. A message may turn out not to be worth reading, and then nobody does: that must not end the process. */
  decoder.on('error', () => undefined);
  request.once('close', () => {
    if (!request.readableEnded) decoder.destroy(new Error('The connection was closed.'));
  });
  return request.pipe(decoder);
}

/**
 * Reads what is left of a request's body and throws it away, as it came: a caller that is still sending would not see the answer.
 * Fulfilled with whether the connection can be used for another request.
 *
 * @param contentLimit - The most bytes of content that the message may have.
 */
export function drain(request: IncomingMessage, idleLimit: number, contentLimit = 0): Promise<boolean> {
  if (request.complete && request.readableEnded) return Promise.resolve(true);
  if (request.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    let left = DRAIN_LIMIT + contentLimit * MOST_TEXT_PER_BYTE;
    const timer = setTimeout(() => finish(false), idleLimit);
    const finish = (isUsable: boolean): void => {
      clearTimeout(timer);
      request.off('data', take).off('end', end).off('close', end);
      resolve(isUsable);
    };
    const take = (bytes: Buffer): void => {
      timer.refresh();
      left -= bytes.length;
      if (left < 0) finish(false);
    };
    const end = (): void => finish(request.readableEnded);
    request.unpipe();
    request.on('data', take).on('end', end).on('close', end);
    request.resume();
  });
}
