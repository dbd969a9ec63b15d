import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ContentSource } from '../contract/result.js';
import { CONTENT_MARK } from '../contract/element-writer.js';
import type { Call } from '../operations/operation.js';
import { Failure, StorageFailure } from '../values/failure.js';
import { compressText } from './compress-text.js';
import { type ContentEncoding, streamContent } from './payload/base64-encoder.js';
import type { BufferPool } from './payload/buffer-pool.js';
import type { TextAccount } from './payload/text-budget.js';

/** A whole answer: status, headers, and text with at most one mark where content goes. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** What stands where the mark is. */
  readonly content?: ContentSource | undefined;
  /** How it stands there. @default 'base64', and 'raw' for markup */
  readonly encoding?: ContentEncoding;
}

/** For whom an answer is sent, and what it may take of the memory meanwhile. */
export interface Sending {
  readonly caller: Call;
  /** For content. */
  readonly buffers: BufferPool;
  /** Told of text. */
  readonly account: TextAccount;
}

/** The caller went away before the answer was sent. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';

  constructor() {
    super('The connection was closed before the answer was sent.');
  }
}

/** What the answer was to show is the caller's no more, as a zip whose handler was deleted. Its length was told: it can only be broken off. */
export class ContentWithdrawn extends Error {
  override readonly name = 'ContentWithdrawn';
}

/** Whether an answer was broken off without any fault of the server. */
export function isBrokenOff(error: unknown): boolean {
  return error instanceof CallerGone || error instanceof ContentWithdrawn;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** A longer text is sent as bytes, a shorter one goes out in one piece with the headers, which is faster; characters. */
const LONGEST_STRING = 16 * 1024;

/** What ASMX says about caching: of what an operation answered, and of an error (WIRE.md, Whole messages). */
const CACHE_RESULT = 'private, max-age=0';
const CACHE_ERROR = 'private';

/**
 * Sends an answer. Content is read as the socket drains; it is closed whatever happens. @throws CallerGone, ContentWithdrawn
 *
 * A caller may take as long as it likes to take it. So what is kept meanwhile is what is counted: of a long text its bytes. This is no async
 * function, for those keep what they were called with until they end; and who calls it shall not keep the answer either.
 */
export function sendAnswer(response: ServerResponse, answer: Answer, sending: Sending): Promise<void> {
  const { content, text } = answer;
  response.statusCode = answer.status;
  response.setHeader('Content-Type', answer.contentType);
  response.setHeader('Cache-Control', answer.status === 200 ? CACHE_RESULT : CACHE_ERROR);
  if (!content) return sendText(response, encode(text), sending);
  if (content.length === 0) {
    return sendText(response, encode(text.replace(CONTENT_MARK, '')), sending).finally(() => content.close());
  }
  const [before = NOTHING, after = NOTHING] = text.split(CONTENT_MARK).map((part) => Buffer.from(part));
  const encoding = answer.encoding ?? (content.isMarkup ? 'raw' : 'base64');
  return sendFramed(response, { before, content, after, encoding }, sending);
}

function encode(text: string): string | Buffer {
  return text.length > LONGEST_STRING ? Buffer.from(text) : text;
}

/** Not async either: of a text that is compressed only that is kept. What it was before counts for it. */
function sendText(response: ServerResponse, text: string | Buffer, { account, caller }: Sending): Promise<void> {
  account.take(Buffer.byteLength(text));
  return compressText(response, text, caller).then((body) => {
    if (body === undefined) throw new CallerGone();
    response.setHeader('Content-Length', Buffer.byteLength(body));
    return end(response, body);
  });
}

async function sendFramed(response: ServerResponse, framed: Framed, { account, buffers }: Sending): Promise<void> {
  const { after, before, content, encoding } = framed;
  try {
    response.setHeader('Content-Length', before.length + lengthOf(content, encoding) + after.length);
    account.take(before.length + (content.memory ?? 0) + after.length);
    await stream(response, framed, buffers);
  } finally {
    await content.close();
  }
}

/** Sends content as it is, for a bytes result over GET and POST. Closes it whatever happens. @throws CallerGone, ContentWithdrawn */
export async function sendBytes(
  response: ServerResponse,
  content: ContentSource | undefined,
  { buffers }: Sending,
): Promise<void> {
  try {
    response.statusCode = 200;
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Cache-Control', CACHE_RESULT);
    response.setHeader('Content-Length', content?.length ?? 0);
    if (content && content.length > 0)
      await stream(response, { before: NOTHING, content, after: NOTHING, encoding: 'raw' }, buffers);
    else await end(response);
  } finally {
    await content?.close();
  }
}

/** How many bytes content takes in an answer. */
function lengthOf(content: ContentSource, encoding: ContentEncoding): number {
  return encoding === 'base64' ? Math.ceil(content.length / 3) * 4 : content.length;
}

/** Content with what stands around it. */
interface Framed {
  readonly before: Buffer;
  readonly content: ContentSource;
  readonly after: Buffer;
  readonly encoding: ContentEncoding;
}

/** Sends it all and ends the answer. */
async function stream(response: ServerResponse, framed: Framed, buffers: BufferPool): Promise<void> {
  if (response.req.method === 'HEAD') return end(response);
  const connection = new Connection(response);
  try {
    await streamFramed(response, framed, buffers, connection);
  } catch (error) {
    if (!(error instanceof Failure) || error instanceof StorageFailure) throw error;
    throw new ContentWithdrawn(error.message, { cause: error });
  } finally {
    connection.forget();
  }
}

/** What stands around the content goes out with its first and last piece: a system call each is dear. */
async function streamFramed(
  response: ServerResponse,
  { before, content, after, encoding }: Framed,
  buffers: BufferPool,
  connection: Connection,
): Promise<void> {
  let ahead = before;
  let left = lengthOf(content, encoding);
  const write = (bytes: Buffer): Promise<void> =>
    connection.unlessClosed((done) => {
      response.cork();
      if (ahead.length > 0) response.write(ahead);
      ahead = NOTHING;
      left -= bytes.length;
      response.write(bytes, done);
      if (left === 0) response.end(after);
      response.uncork();
    });
  await streamContent(content, write, encoding, buffers);
  if (!response.writableFinished) await connection.unlessClosed((done) => response.once('finish', done));
}

/** A text goes out in one piece with the headers; bytes would be a piece of their own. */
async function end(response: ServerResponse, body?: string | Buffer): Promise<void> {
  const connection = new Connection(response);
  try {
    await connection.unlessClosed((done) => response.end(body, done));
  } finally {
    connection.forget();
  }
}

/**
 * The connection an answer is sent over, watched while it is: only the connection itself tells that the caller is gone. An answer does not,
 * when it waits for its turn behind others; and a write to a connection that is closed is thrown away, and never reported as done.
 */
class Connection {
  readonly #socket: Socket;
  #fail: ((error: CallerGone) => void) | undefined;

  constructor({ req }: ServerResponse) {
    this.#socket = req.socket;
    if (!this.#socket.destroyed) this.#socket.once('close', this.#close);
    /* As many answers may wait for their turn as the caller asked for. */
    this.#socket.setMaxListeners(0);
  }

  /** Does one thing that ends by calling `done`. Not for two at once. @throws CallerGone when the connection closes instead. */
  unlessClosed(work: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) throw new CallerGone();
      this.#fail = reject;
      work((error) => (error ? reject(new CallerGone()) : resolve()));
    });
  }

  /** No longer watches. */
  forget(): void {
    this.#socket.off('close', this.#close);
  }

  readonly #close = (): void => {
    this.#fail?.(new CallerGone());
  };
}
