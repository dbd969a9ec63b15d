import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Call } from '../operations/operation.js';
import { Failure } from '../values/failure.js';

/** The call a request makes, for the operation that serves it. */
export class ReceivedCall implements Call {
  readonly address: string;
  user?: string;
  readonly #socket: Socket;

  constructor({ socket }: IncomingMessage, address: string) {
    this.address = address;
    this.#socket = socket;
  }

  /** Made when it is asked for: most calls are over too soon to ask. */
  get gone(): AbortSignal {
    return closing(this.#socket);
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
