import net from 'node:net';
import { type Response, ResponseReader } from './response-reader.js';

/** What all connections read into: it is looked at before the next one reads. */
const incoming = Buffer.allocUnsafeSlow(256 * 1024);

/** A connection that carries one exchange after the other. */
export class Connection {
  readonly #socket: net.Socket;
  readonly #reader = new ResponseReader();
  readonly #pace: number | undefined;
  #settle: { resolve: (response: Response) => void; reject: (error: Error) => void } | undefined;

  private constructor(port: number, pace: number | undefined) {
    this.#pace = pace;
    this.#socket = net.connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: incoming, callback: (count, buffer) => this.#read(buffer as Buffer, count) },
    });
    this.#socket.on('error', (error) => this.#settle?.reject(error));
    this.#socket.on('close', () => this.#settle?.reject(new Error('The server closed the connection.')));
  }

  /** @param pace Reads at most so many bytes a second. */
  static async open(port: number, pace?: number): Promise<Connection> {
    const connection = new Connection(port, pace);
    await new Promise<void>((resolve, reject) => {
      connection.#socket.once('connect', resolve).once('error', reject);
    });
    return connection;
  }

  /** Sends a request, and fulfils with its answer. */
  exchange(request: readonly (Buffer | string)[]): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.cork();
      for (const piece of request) this.#socket.write(piece, 'latin1');
      this.#socket.uncork();
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  /** Returns false to read no more for now. */
  #read(buffer: Buffer, count: number): boolean {
    const response = this.#reader.push(buffer.subarray(0, count));
    if (response) this.#settle?.resolve(response);
    if (this.#pace === undefined) return true;
    setTimeout(() => this.#socket.resume(), (count / this.#pace) * 1000);
    return false;
  }
}
