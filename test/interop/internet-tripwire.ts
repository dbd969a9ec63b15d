import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * An HTTP proxy that refuses everything and remembers what it was asked for. A toolkit that is told to use it for all but this
 * machine, and asks it for nothing, has read the WSDL without the internet.
 */
export class InternetTripwire {
  readonly #server: Server;
  #requests: string[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      this.#requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.writeHead(403).end();
    });
    server.on('connect', (request, socket) => {
      this.#requests.push(`CONNECT ${request.url ?? ''}`);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
  }

  static async listen(): Promise<InternetTripwire> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new InternetTripwire(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** As most programs read it. Both spellings, since there are programs that read only one. */
  get environment(): Record<string, string> {
    const proxy = `http://127.0.0.1:${this.port}`;
    return {
      http_proxy: proxy,
      https_proxy: proxy,
      HTTPS_PROXY: proxy,
      no_proxy: '127.0.0.1,localhost',
      NO_PROXY: '127.0.0.1,localhost',
    };
  }

  /** As Java reads it. It spares this machine of itself, but not every library that reads these knows that. */
  get javaOptions(): string[] {
    const proxies = ['http', 'https'].flatMap((scheme) => [
      `-D${scheme}.proxyHost=127.0.0.1`,
      `-D${scheme}.proxyPort=${this.port}`,
    ]);
    return [...proxies, '-Dhttp.nonProxyHosts=127.0.0.1|localhost'];
  }

  /** What was asked for since the last time. */
  takeRequests(): string[] {
    const requests = this.#requests;
    this.#requests = [];
    return requests;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
