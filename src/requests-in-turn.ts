import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type HeadCounter, waitingSize } from './bindings/head-counter.js';
import type { TextAccount } from './bindings/payload/text-budget.js';

/** How many requests of a connection may wait for their turn. Clients that send ahead of the answers send a few. */
const MOST_WAITING = 16;

/** What their heads may take together, and what has come of their bodies, bytes. */
const MOST_WAITING_BYTES = 256 * 1024;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Whether there is a request on a connection to be answered; or a part of one may have come; or nothing but what has been answered. */
export type ConnectionState = 'new' | 'serving' | 'idle';

/** An exchange that is counted. */
interface CountedExchange extends Exchange {
  account: TextAccount;
}

/** The requests of a connection. */
interface Line {
  /** The answer it waits for. */
  current: ServerResponse | undefined;
  /** The requests that wait behind it. */
  readonly waiting: CountedExchange[];
  /** How many came when no more were answered. */
  refused: number;
  /** What had come when the last answer was over, bytes. */
  readBefore: number | undefined;
}

/**
 * Serves one request of a connection at a time. Node hands on every request it finds in what came, and a few kilobytes hold a thousand: all
 * their answers would be made at once, and wait in memory for a caller who need not read any.
 */
export class RequestsInTurn {
  readonly #serve: RequestListener;
  readonly #heads: HeadCounter;
  readonly #isStopping: () => boolean;
  readonly #lines = new WeakMap<Socket, Line>();

  /** @param isStopping - Whether connections are to end with what is served on them. */
  constructor(serve: RequestListener, heads: HeadCounter, isStopping = (): boolean => false) {
    this.#serve = serve;
    this.#heads = heads;
    this.#isStopping = isStopping;
  }

  take({ request, response }: Exchange): void {
    const { socket } = request;
    const line = this.#lines.get(socket) ?? this.#open(socket);
    if (!socket.writable) {
      this.#refuse(socket, line);
      return;
    }
    if (!line.current) {
      this.#begin(socket, line, { request, response, account: this.#heads.count(request) });
      return;
    }
    this.#countAgain(line.waiting.at(-1));
    line.waiting.push({ request, response, account: this.#heads.countWaiting(request) });
    const bytes = line.waiting.reduce((sum, each) => sum + waitingSize(each.request), 0);
    if (line.waiting.length > MOST_WAITING || bytes > MOST_WAITING_BYTES) socket.destroy();
  }

  /** One behind which another has come has come whole: it takes no more than it takes by now. */
  #countAgain(exchange: CountedExchange | undefined): void {
    if (!exchange) return;
    exchange.account.release();
    exchange.account = this.#heads.countWaiting(exchange.request);
  }

  /**
   * Whether something may be said on the connection of what cannot be read there. In the middle of an answer it would be taken for a part of it, and before
   * the answer to a request that has come whole, for that answer.
   */
  mayInterrupt(socket: Socket): boolean {
    const current = this.#lines.get(socket)?.current;
    return !current || (!current.headersSent && !current.req.complete);
  }

  /**
   * What a connection is to a server that stops. It is idle when all of the last answer has been handed to the system, and nothing has come since; what had come
   * behind the request before that is not told from it.
   */
  stateOf(socket: Socket): ConnectionState {
    const line = this.#lines.get(socket);
    if (line?.current) return 'serving';
    return line?.readBefore === socket.bytesRead ? 'idle' : 'new';
  }

  #open(socket: Socket): Line {
    const line: Line = { current: undefined, waiting: [], refused: 0, readBefore: undefined };
    this.#lines.set(socket, line);
    return line;
  }

  /** Leaves alone what comes behind the last request to be answered (RFC 9112, 9.6), and behind the one that was one too many. Node keeps it. */
  #refuse(socket: Socket, line: Line): void {
    line.refused++;
    if (line.refused > MOST_WAITING) socket.destroy();
  }

  #begin(socket: Socket, line: Line, { account, request, response }: CountedExchange): void {
    line.current = response;
    response.once('close', () => {
      account.release();
      this.#goOn(socket, line);
    });
    if (this.#isStopping()) response.setHeader('Connection', 'close');
    this.#serve(request, response);
  }

  #goOn(socket: Socket, line: Line): void {
    line.current = undefined;
    line.readBefore = socket.bytesRead;
    if (!socket.writable) {
      for (const { account } of line.waiting.splice(0)) account.release();
      return;
    }
    const next = line.waiting.shift();
    if (!next) {
      /* The answer was begun before the stop, and says nothing of an end. */
      if (this.#isStopping()) socket.end();
      return;
    }
    /* The time that the answer before was given. */
    socket.setTimeout(0);
    this.#begin(socket, line, next);
  }
}
