import type { Worker } from 'node:cluster';

/** A connection as Node's cluster passes it on: a handle of its own, which is no socket. */
interface ConnectionHandle {
  close(): void;
}

/**
 * Closes the connection that was on its way to a worker when the worker ended.
 *
 * Node's cluster hands connections over one at a time, and keeps its own hold on each until the worker says that it has it. Of a worker
 * that ends before that it keeps it for ever (round_robin_handle.js), so that nobody tells the caller, who would wait for ever. All other
 * connections of the worker the system has closed with it.
 */
export function closeConnectionInHand(worker: Worker): void {
  const { process } = worker;
  /* The system had no files to give for a process and for the channel to it. */
  if (!process.connected) return;
  const send = process.send.bind(process) as (...args: unknown[]) => boolean;
  let last: ConnectionHandle | undefined;
  process.send = (...args: unknown[]): boolean => {
    if (isConnection(args[1])) last = args[1];
    return send(...args);
  };
  /* It is closed already when the worker had said so, and closing it again does nothing. */
  worker.once('exit', () => last?.close());
}

function isConnection(handle: unknown): handle is ConnectionHandle {
  return typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
}
