import type { ServerResponse } from 'node:http';
import type { ContentSource } from '../contract/result.js';
import { CONTENT_MARK } from '../contract/element-writer.js';
import { compressText } from './compress-text.js';
import { type ContentEncoding, streamContent } from './payload/base64-encoder.js';
import type { BufferPool } from './payload/buffer-pool.js';

/** A whole answer: status, headers, and text with at most one mark where content goes. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** What stands where the mark is. */
  readonly content?: ContentSource | undefined;
  /** How it stands there. @default 'base64' */
  readonly encoding?: ContentEncoding;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** What ASMX says about caching: of what an operation answered, and of an error (WIRE.md, Whole messages). */
const CACHE_RESULT = 'private, max-age=0';
const CACHE_ERROR = 'private';

/** Sends an answer. Content is read as the socket drains; it is closed whatever happens. Rejects when the caller goes away. */
export async function sendAnswer(response: ServerResponse, answer: Answer, buffers: BufferPool): Promise<void> {
  const { content } = answer;
  try {
    response.statusCode = answer.status;
    response.setHeader('Content-Type', answer.contentType);
    response.setHeader('Cache-Control', answer.status === 200 ? CACHE_RESULT : CACHE_ERROR);
    if (!content || content.length === 0) {
      const bytes = await compressText(response, Buffer.from(answer.text.replace(CONTENT_MARK, '')));
      response.setHeader('Content-Length', bytes.length);
      await end(response, bytes);
      return;
    }
    const [before = NOTHING, after = NOTHING] = answer.text.split(CONTENT_MARK).map((part) => Buffer.from(part));
    const encoding = answer.encoding ?? 'base64';
    response.setHeader('Content-Length', before.length + lengthOf(content, encoding) + after.length);
    await stream(response, { before, content, after, encoding }, buffers);
  } finally {
    await content?.close();
  }
}

/** Sends content as it is, for a bytes result over GET and POST. Closes it whatever happens. */
export async function sendBytes(
  response: ServerResponse,
  content: ContentSource | undefined,
  buffers: BufferPool,
): Promise<void> {
  try {
    response.statusCode = 200;
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Cache-Control', CACHE_RESULT);
    response.setHeader('X-Content-Type-Options', 'nosniff');
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

/** Sends it all and ends the answer. What stands around the content goes out with its first and last piece: a system call each is dear. */
async function stream(
  response: ServerResponse,
  { before, content, after, encoding }: Framed,
  buffers: BufferPool,
): Promise<void> {
  if (response.req.method === 'HEAD') return end(response);
  let ahead = before;
  let left = lengthOf(content, encoding);
  const write = (bytes: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      response.cork();
      if (ahead.length > 0) response.write(ahead);
      ahead = NOTHING;
      left -= bytes.length;
      response.write(bytes, (error) => (error ? reject(error) : resolve()));
      if (left === 0) response.end(after);
      response.uncork();
    });
  await streamContent(content, write, encoding, buffers);
  await ended(response);
}

/** Fulfilled when the answer has been handed to the system as a whole, or the caller is gone. */
function ended(response: ServerResponse): Promise<void> {
  if (response.writableFinished || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => response.once('finish', resolve).once('close', resolve));
}

function end(response: ServerResponse, bytes?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed) {
      reject(new Error('The connection was closed.'));
      return;
    }
    response.once('close', resolve);
    response.end(bytes, resolve);
  });
}
