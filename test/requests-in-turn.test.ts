import { once } from 'node:events';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { HeadCounter } from '../src/bindings/head-counter.js';
import { type TextAccount, TextBudget } from '../src/bindings/payload/text-budget.js';
import { RequestsInTurn } from '../src/requests-in-turn.js';

/** Says whose heads were counted, once or again. */
class ObservedHeads extends HeadCounter {
  readonly counted = new Set<IncomingMessage>();

  constructor() {
    super({ texts: new TextBudget(1_000_000), trustProxy: false });
  }

  override count(request: IncomingMessage): TextAccount {
    this.counted.add(request);
    return super.count(request);
  }

  override countWaiting(request: IncomingMessage): TextAccount {
    this.counted.add(request);
    return super.countWaiting(request);
  }
}

/**
 * Sends something to a server that serves in turn, and more when that has ended its side, and waits until it closes the connection.
 */
async function talk(
  text: string,
  heads: HeadCounter,
  serve: RequestListener,
  { isStopping, more = '' }: { isStopping?: () => boolean; more?: string } = {},
): Promise<void> {
  const requests = new RequestsInTurn(serve, heads, isStopping);
  const server = http.createServer((request, response) => requests.take({ request, response }));
  server.keepAliveTimeout = 0;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: more !== '' });
  const closed = once(server, 'connection').then(([served]) => once(served as net.Socket, 'close'));
  socket.on('error', () => undefined);
  socket.once('end', () => socket.write(more)).resume();
  socket.write(text);
  await closed;
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
}

test('Of requests behind the one too many nothing is counted', async () => {
  const heads = new ObservedHeads();
  await talk('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000), heads, () => undefined);
  expect(heads.counted.size).toBe(1 + 16 + 1);
});

test('What is behind a request that is answered with the end of the connection is not served', async () => {
  const served: (string | undefined)[] = [];
  const requests = ['/first', '/second', '/third'].map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await talk(requests.join(''), new ObservedHeads(), ({ url }, response) => {
    served.push(url);
    response.writeHead(400, { Connection: 'close' }).end();
  });
  expect(served).toEqual(['/first']);
});

test('A caller who goes on behind the end of the connection is left', async () => {
  const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  const served: (string | undefined)[] = [];
  await talk(
    request,
    new ObservedHeads(),
    ({ socket, url }) => {
      served.push(url);
      socket.end();
    },
    { more: request.repeat(17) },
  );
  expect(served).toEqual(['/']);
});

test('A connection ends with the answer that was begun before the stop, or with the last that waited', async () => {
  let isStopping = false;
  const served: (string | undefined)[] = [];
  const serve: RequestListener = ({ url }, response) => {
    served.push(url);
    response.flushHeaders();
    isStopping = true;
    response.end();
  };
  const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  await talk(request('/first'), new ObservedHeads(), serve, { isStopping: () => isStopping });
  isStopping = false;
  await talk(request('/second') + request('/third') + request('/fourth'), new ObservedHeads(), serve, {
    isStopping: () => isStopping,
  });
  expect(served).toEqual(['/first', '/second', '/third']);
});
