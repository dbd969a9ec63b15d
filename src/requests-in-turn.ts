import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { headLength } from './bindings/head-text.js';
import type { TextAccount } from './bindings/payload/text-budget.js';

/** How many requests of a connection may wait for their turn. Clients that send ahead of the answers send a few. */
const MOST_WAITING = 16;

/** How long their heads may be together, in characters. */
const MOST_WAITING_TEXT = 128 * 1024;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** An exchange whose head is counted. */
interface CountedExchange extends Exchange {
  readonly account: TextAccount;
}

/**
 * Serves one request of a connection at a time. Node hands on every request it finds in what came, and a few kilobytes hold a thousand: all
 * their answers would be made at once, and wait in memory for a caller who need not read any.
 */
export class RequestsInTurn {
  readonly #serve: RequestListener;
  readonly #count: (request: IncomingMessage) => TextAccount;
  /** The answer each connection waits for, and the requests that wait behind it. */
  readonly #current = new WeakMap<Socket, ServerResponse>();
  readonly #waiting = new WeakMap<Socket, CountedExchange[]>();

  /** @param count - Counts the head of a request until the account is released. */
  constructor(serve: RequestListener, count: (request: IncomingMessage) => TextAccount) {
    this.#serve = serve;
    this.#count = count;
  }

  take({ request, response }: Exchange): void {
    const { socket } = request;
    const exchange = { request, response, account: this.#count(request) };
    if (!this.#current.has(socket)) {
      this.#begin(socket, exchange);
      return;
    }
    const waiting = this.#waiting.get(socket) ?? [];
    waiting.push(exchange);
    this.#waiting.set(socket, waiting);
    const text = waiting.reduce((sum, { request: each }) => sum + headLength(each), 0);
    if (waiting.length > MOST_WAITING || text > MOST_WAITING_TEXT) socket.destroy();
  }

  /** Whether an answer is being written to the connection: what is said in the middle of one would be taken for a part of it. */
  hasBegun(socket: Socket): boolean {
    return this.#current.get(socket)?.headersSent ?? false;
  }

  #begin(socket: Socket, { account, request, response }: CountedExchange): void {
    this.#current.set(socket, response);
    response.once('close', () => {
      account.release();
      this.#goOn(socket);
    });
    this.#serve(request, response);
  }

  #goOn(socket: Socket): void {
    this.#current.delete(socket);
    if (socket.destroyed) {
      for (const { account } of this.#waiting.get(socket)?.splice(0) ?? []) account.release();
      return;
    }
    const next = this.#waiting.get(socket)?.shift();
    if (!next) return;
    /* The time that the answer before was given. */
    socket.setTimeout(0);
    this.#begin(socket, next);
  }
}
