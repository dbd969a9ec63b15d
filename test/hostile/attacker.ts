import { once } from 'node:events';
import net from 'node:net';

/** Somebody who keeps to none of the rules of HTTP. */
export class Attacker {
  readonly #port: number;
  readonly #sockets = new Set<net.Socket>();

  constructor(port: number) {
    this.#port = port;
  }

  /** A connection on which the server may do as it likes. */
  async connect(): Promise<net.Socket> {
    const socket = net.connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
    await Promise.race([once(socket, 'connect'), new Promise((resolve) => socket.once('close', resolve))]);
    return socket;
  }

  /** Connections that are still open. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Goes away, everywhere at once. */
  leave(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Sends bytes and gives what comes back until the answer is there or the connection ends. */
  async ask(request: string | Buffer): Promise<string> {
    const socket = await this.connect();
    const answer = answerOn(socket);
    socket.write(request, 'latin1');
    return answer;
  }

  /** Sends a head, and then the piece again and again, as fast as it is taken, until the connection ends or `bytes` were sent. */
  async pour(head: string, piece: Buffer, bytes: number): Promise<void> {
    const socket = await this.connect();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    socket.write(head, 'latin1');
    for (let sent = 0; sent < bytes && socket.writable; sent += piece.length) {
      if (!socket.write(piece)) await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))]);
    }
    socket.destroy();
  }

  /** Sends one byte every so often, until the connection ends. */
  async drip(head: string, everyMs: number): Promise<void> {
    const socket = await this.connect();
    socket.resume();
    socket.write(head, 'latin1');
    const timer = setInterval(() => socket.write('A'), everyMs);
    socket.once('close', () => clearInterval(timer));
  }

  /** Asks, and takes a byte of the answer every so often. */
  async sip(request: string, everyMs: number): Promise<void> {
    const socket = await this.connect();
    socket.pause();
    socket.write(request, 'latin1');
    const timer = setInterval(() => void socket.read(1), everyMs);
    socket.once('close', () => clearInterval(timer));
  }
}

/** What comes back on a connection until the answer is complete or the connection ends. */
function answerOn(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(text)?.[1];
      if (length !== undefined && text.length >= text.indexOf('\r\n\r\n') + 4 + Number(length)) socket.destroy();
    });
    socket.once('close', () => resolve(text));
  });
}
