import type { IncomingMessage } from 'node:http';
import { callerAddress } from './caller.js';
import { type TextAccount, type TextBudget, UNCOUNTED } from './payload/text-budget.js';

/** What a request and its response take beside the head's text, bytes. */
const REQUEST_BYTES = 2048;

/**
 * What a body takes at most that nobody reads yet, bytes: the piece the socket has delivered, 64 KiB, of which one of Node's buffers is a part, and what
 * was gathered of the small ones: see express-messages.ts.
 */
const UNREAD_BODY_BYTES = 128 * 1024;

/** What the name of a field takes beside its text, and the value too, bytes: a string, a place in a list, half an entry of a dictionary. */
const STRING_BYTES = 64;

export interface HeadCounterOptions {
  /** Of all calls. */
  readonly texts: TextBudget;
  readonly trustProxy: boolean;
}

/** Counts the heads of requests among all texts: they are kept until the answer has been taken, or longer while others are before it. */
export class HeadCounter {
  readonly #texts: TextBudget;
  readonly #trustProxy: boolean;

  constructor({ texts, trustProxy }: HeadCounterOptions) {
    this.#texts = texts;
    this.#trustProxy = trustProxy;
  }

  /** Counts the head of a request that is served, until the account is released. */
  count(request: IncomingMessage): TextAccount {
    const size = headSize(request);
    return size <= UNCOUNTED ? NOTHING : this.#open(request, size);
  }

  /**
   * Counts one that waits for its turn: its head from the first byte, for a connection may have several that wait, and what Node puts by of its
   * body.
   */
  countWaiting(request: IncomingMessage): TextAccount {
    return this.#open(request, UNCOUNTED + waitingSize(request));
  }

  #open(request: IncomingMessage, bytes: number): TextAccount {
    const caller = { address: callerAddress(request, this.#trustProxy) };
    const account = this.#texts.open(caller, () => request.socket.destroy());
    account.take(bytes);
    return account;
  }
}

/** What the head of a request takes, bytes, about. A thousand short fields, the most that Node keeps, take ten times as much as their text. */
export function headSize({ rawHeaders, url = '' }: IncomingMessage): number {
  let size = REQUEST_BYTES + STRING_BYTES * rawHeaders.length + url.length;
  for (const text of rawHeaders) size += text.length;
  return size;
}

/** What a request that waits for its turn takes, bytes, about; of one that has not come whole yet, what it may take. */
export function waitingSize(request: IncomingMessage): number {
  if (request.complete) return headSize(request) + request.readableLength;
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  const body = coding === undefined ? Number(length ?? 0) : Infinity;
  return headSize(request) + Math.min(body, UNREAD_BODY_BYTES);
}

/** What nearly all heads come to: an account of their own would take longer than all else that is done for it. */
const NOTHING: TextAccount = { take: () => undefined, release: () => undefined };
