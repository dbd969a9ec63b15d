import type { ServerResponse } from 'node:http';
import type { ContentSource } from '../contract/result.js';
import { CONTENT_MARK } from '../contract/element-writer.js';
import { type ContentEncoding, streamContent } from './payload/base64-encoder.js';
import type { BufferPool } from './payload/buffer-pool.js';

/** A whole answer: status, headers, and text with at most one mark where content goes. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** What stands where the mark is, as base64. */
  readonly content?: ContentSource | undefined;
}

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
    if (!content) {
      const bytes = Buffer.from(answer.text.replace(CONTENT_MARK, ''));
      response.setHeader('Content-Length', bytes.length);
      await end(response, bytes);
      return;
    }
    const [before = '', after = ''] = answer.text.split(CONTENT_MARK).map((part) => Buffer.from(part));
    const length = before.length + base64Length(content.length) + after.length;
    response.setHeader('Content-Length', length);
    response.write(before);
    await stream(response, content, 'base64', buffers);
    await end(response, Buffer.from(after));
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
    if (content) await stream(response, content, 'raw', buffers);
    await end(response);
  } finally {
    await content?.close();
  }
}

/** The length of base64 text for so many bytes. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

async function stream(
  response: ServerResponse,
  content: ContentSource,
  encoding: ContentEncoding,
  buffers: BufferPool,
): Promise<void> {
  await streamContent(content, (bytes) => write(response, bytes), encoding, buffers);
}

/** Writes bytes; fulfilled when the socket has them and the buffer is free again. */
function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function end(response: ServerResponse, bytes?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed) return reject(new Error('The connection was closed.'));
    response.once('close', resolve);
    response.end(bytes, resolve);
  });
}
