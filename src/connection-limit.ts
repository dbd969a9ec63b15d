import type { Server, Socket } from 'node:net';

/**
 * Closes connections at once that are more than there may be; those that are still shaking hands for TLS count too. `Server#maxConnections` does so in a server of
 * one process alone: a worker of Node's cluster gives such a connection back, and the workers would pass it around for ever.
 */
export function limitConnections(server: Server, most: number): void {
  let open = 0;
  server.on('connection', (socket: Socket) => {
    if (open >= most) {
      socket.destroy();
      return;
    }
    open++;
    socket.once('close', () => open--);
  });
}
