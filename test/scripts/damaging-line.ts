import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A line to a server on which something happens to messages: what is asked of it is asked of the server, but for the damage. */
export class DamagingLine {
  readonly #server: http.Server;

  private constructor(server: http.Server) {
    this.#server = server;
  }

  /** @param damage - Changes a request's or an answer's body, or gives it back as it is. */
  static async open(
    target: string,
    damage: { readonly request?: (body: Buffer) => Buffer; readonly answer?: (body: Buffer) => Buffer },
  ): Promise<DamagingLine> {
    const server = http.createServer((request, response) => {
      void pass(target, request, response, damage.request ?? unchanged, damage.answer ?? unchanged);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new DamagingLine(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function unchanged(body: Buffer): Buffer {
  return body;
}

async function pass(
  target: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  damageRequest: (body: Buffer) => Buffer,
  damageAnswer: (body: Buffer) => Buffer,
): Promise<void> {
  const body = damageRequest(await buffer(request));
  const { method = 'GET' } = request;
  const headers = {
    'Content-Type': request.headers['content-type'] ?? '',
    SOAPAction: String(request.headers['soapaction'] ?? ''),
  };
  const answer = await fetch(`${target}${request.url ?? ''}`, {
    method,
    headers: Object.entries(headers).filter(([, value]) => value !== ''),
    ...(method === 'POST' ? { body: new Uint8Array(body) } : {}),
  });
  response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type') ?? '' });
  response.end(damageAnswer(Buffer.from(await answer.arrayBuffer())));
}
