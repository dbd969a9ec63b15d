import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Call } from '../operations/operation.js';
import { Failure } from '../values/failure.js';
import { isEncoded } from './request-body.js';
import type { TextBudget } from './payload/text-budget.js';

/**
 * What a call holds at most while its message stops in the middle, bytes: what nobody has read yet, 128 KiB (see HeadCounter), what its
 * reader decodes into, 48 KiB, and of a compressed one what is on its way through the decoder and the decoder itself.
 */
const HELD_WHILE_WAITING = 256 * 1024;

/** The call a request makes, for the operation that serves it. */
export class ReceivedCall implements Call {
  readonly address: string;
  user?: string;
  session?: number;
  readonly #request: IncomingMessage;
  readonly #socket: Socket;
  readonly #texts: TextBudget;

  /** @param texts - Where counts what the call holds while it waits. */
  constructor(request: IncomingMessage, address: string, texts: TextBudget) {
    this.address = address;
    this.#request = request;
    this.#socket = request.socket;
    this.#texts = texts;
  }

  /** Made when it is asked for: most calls are over too soon to ask. */
  get gone(): AbortSignal {
    return closing(this.#socket);
  }

  /** Of a message that has been read to its end nothing is held but its texts, which are counted already, unless a decoder is between. */
  beginWait(): () => void {
    if (this.#request.readableEnded && !isEncoded(this.#request)) return () => undefined;
    const account = this.#texts.open(this, () => this.#socket.destroy());
    account.take(HELD_WHILE_WAITING);
    return () => account.release();
  }
}

const signals = new WeakMap<Socket, AbortSignal>();

/** Aborted when a connection is closed. One for all its calls: a connection may carry any number. */
function closing(socket: Socket): AbortSignal {
  const known = signals.get(socket);
  if (known) return known;
  const controller = new AbortController();
  /* As many may listen as the caller has calls under way. */
  setMaxListeners(0, controller.signal);
  /* Nobody hears it but the log and the audit. */
  const close = (): void => controller.abort(new Failure('The caller left before the answer.'));
  if (socket.destroyed) close();
  else socket.once('close', close);
  signals.set(socket, controller.signal);
  return controller.signal;
}
