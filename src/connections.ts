import type { Server, Socket } from 'node:net';

/**
 * The connections of a server, those that are still shaking hands for TLS too. When there are more than there may be, further ones are closed at once.
 * `Server#maxConnections` does so in a server of one process alone: a worker of Node's cluster gives such a connection back, and the workers would pass it
 * around for ever.
 */
export class Connections {
  /** As they were taken. */
  readonly #open = new Set<Socket>();
  /** As they are spoken on: under TLS, once hands have been shaken, that is another object than the connection that was taken. */
  readonly #ready = new Set<Socket>();

  constructor(server: Server, most: number) {
    server.on('connection', (socket: Socket) => {
      if (this.#open.size >= most) socket.destroy();
      else keep(this.#open, socket);
    });
    const isSecure = 'setSecureContext' in server;
    server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
      if (!socket.destroyed) keep(this.#ready, socket);
    });
  }

  /** Closes those on which nothing has come yet. */
  closeSilent(): void {
    for (const socket of this.#open) if (socket.bytesRead === 0) socket.destroy();
  }

  /** Closes those of which the function says so, once they can be spoken on. */
  closeWhere(isToClose: (socket: Socket) => boolean): void {
    for (const socket of this.#ready) if (isToClose(socket)) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

function keep(set: Set<Socket>, socket: Socket): void {
  set.add(socket);
  socket.once('close', () => set.delete(socket));
}
