import { once } from 'node:events';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { HeadCounter } from '../../src/bindings/head-counter.js';
import { TextBudget } from '../../src/bindings/payload/text-budget.js';
import { Listener } from '../../src/listener.js';
import { valueOf } from '../support/answer.js';
import { CERTIFICATE, KEY } from '../support/certificate.js';
import { beginChunk } from '../support/chunk-on-its-way.js';
import { connectTo, heldByServer, portOfUrl, rest, settled, unreadByServer } from '../support/connection-queues.js';
import { eventually } from '../support/eventually.js';
import { RunningService } from '../support/running-service.js';

/* How connections end: at a stop, and when a caller takes nothing. */

const GET_WSDL = 'GET /srv.asmx?wsdl HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n';

test('A server that is being stopped takes no more of a connection than it has', async () => {
  const stopping = await RunningService.start();
  const uploader = await stopping.logIn();
  const socket = net.connect(portOfUrl(stopping.url), '127.0.0.1');
  const answer = rest(socket);
  const first = await beginChunk(uploader, await uploader.openUpload(), Buffer.alloc(1000));
  socket.write('POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n');
  await eventually(
    () => heldByServer(portOfUrl(stopping.url)),
    (held) => held.has(socket.localPort ?? 0),
  );
  const stopped = stopping.end();
  socket.write('xGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await answer).toMatch(/\r\nConnection: close\r\n/i);
  expect(valueOf(await first.finish(), 'success')).toBe('true');
  await stopped;
});

test('A stop leaves callers who have asked for nothing before it leaves those who are served', async () => {
  const stopping = await RunningService.start();
  const uploader = await stopping.logIn();
  const chunk = await beginChunk(uploader, await uploader.openUpload(), Buffer.alloc(1000));
  const silent = net.connect(portOfUrl(stopping.url), '127.0.0.1');
  const slow = net.connect(portOfUrl(stopping.url), '127.0.0.1');
  const closed = Promise.all([silent, slow].map((socket) => once(socket.resume(), 'close')));
  slow.write('GET /healthz HTTP/1.1\r\nHo');
  await eventually(
    () => heldByServer(portOfUrl(stopping.url)),
    (held) => [silent, slow].every(({ localPort = 0 }) => held.get(localPort) === 0),
  );
  const stopped = stopping.end();
  await closed;
  expect(valueOf(await chunk.finish(), 'success')).toBe('true');
  await stopped;
});

test('A stop waits for a request that has begun to come on a connection that was kept', async () => {
  const stopping = await RunningService.start();
  const server = portOfUrl(stopping.url);
  const socket = net.connect({ host: '127.0.0.1', port: server });
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  await new Promise((resolve) => socket.write('GET /healthz HTTP/1.1\r\nHo', resolve));
  await eventually(
    async () => (await unreadByServer(server)).get(socket.localPort ?? 0),
    (bytes) => bytes === 0,
  );
  const stopped = stopping.end();
  socket.write('st: x\r\n\r\n');
  expect(await rest(socket)).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  await stopped;
});

test('A stop waits until all of an answer has been taken', async () => {
  const stopping = await RunningService.start();
  const server = portOfUrl(stopping.url);
  const socket = await connectTo(server);
  const held = async () => (await heldByServer(server)).get(socket.localPort ?? 0);
  /* More than the system takes for a caller who takes nothing: the rest is with the server. */
  for (let before = -1, most = 0; most > before;) {
    before = most;
    socket.write(GET_WSDL.repeat(4));
    await eventually(held, (bytes) => bytes !== undefined && bytes > 0);
    most = Math.max(most, (await settled(held)) ?? 0);
  }
  const stopped = stopping.end();
  const text = await rest(socket);
  expect(text).toMatch(/<\/wsdl:definitions>\s*$/);
  expect(text.split('HTTP/1.1 200 OK').length).toBe(text.split('</wsdl:definitions>').length);
  await stopped;
});

test('A caller who does not take a page is left', async () => {
  const impatient = await RunningService.start({ readTimeout: '1' });
  const server = portOfUrl(impatient.url);
  try {
    const socket = (await connectTo(server)).on('error', () => undefined);
    const held = async () => (await heldByServer(server)).get(socket.localPort ?? 0);
    /* The system takes some for a caller who takes nothing. */
    let most = 0;
    for (let before = -1; most > before;) {
      before = most;
      socket.write(GET_WSDL.repeat(8));
      await eventually(held, (bytes) => (bytes === undefined ? most > 0 : bytes > 0));
      most = Math.max(most, (await settled(held)) ?? 0);
    }
    await eventually(held, (bytes) => bytes === undefined);
    socket.destroy();
  } finally {
    await impatient.end();
  }
});

test('A stop over TLS leaves the connections on which something is served, and closes all others', async () => {
  let answer = (): void => undefined;
  const stopping = https.createServer({ cert: CERTIFICATE, key: KEY });
  const listener = new Listener(stopping, {
    serve: (_request, response) => (answer = () => response.end('answered')),
    heads: new HeadCounter({ texts: new TextBudget(Infinity), trustProxy: false }),
  });
  const port = await listener.listen('127.0.0.1', 0);
  const silent = await connect(port);
  const late = await holdHandshake(port);
  const [secure, served] = [await connect(port), await connect(port)].map((socket) =>
    tls.connect({ socket, ca: CERTIFICATE, servername: 'localhost' }),
  ) as [tls.TLSSocket, tls.TLSSocket];
  await Promise.all([secure, served].map((socket) => once(socket, 'secureConnect')));
  served.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(stopping, 'request');
  const stopped = listener.stop();
  await Promise.all([silent, secure].map((socket) => once(socket.resume(), 'close')));
  late.goOn();
  await once(late.socket, 'secureConnect');
  await once(late.socket.resume(), 'close');
  answer();
  expect(String(await once(served, 'data'))).toContain('answered');
  served.end();
  await stopped;
});

/** A connection that may break. */
async function connect(port: number): Promise<net.Socket> {
  return (await connectTo(port)).on('error', () => undefined);
}

/** Begins to shake hands, and stops after the first byte. */
async function holdHandshake(port: number): Promise<{ socket: tls.TLSSocket; goOn: () => void }> {
  const server = await connect(port);
  const between = net.createServer();
  await once(between.listen(0, '127.0.0.1'), 'listening');
  const connected = once(between, 'connection') as Promise<[net.Socket]>;
  const socket = tls.connect({
    socket: await connect((between.address() as AddressInfo).port),
    ca: CERTIFICATE,
    servername: 'localhost',
  });
  socket.on('error', () => undefined);
  const [client] = await connected;
  between.close();
  const [hello] = (await once(client, 'data')) as [Buffer];
  client.pause();
  server.write(hello.subarray(0, 1));
  return {
    socket,
    goOn: () => {
      server.write(hello.subarray(1));
      client.pipe(server).pipe(client);
    },
  };
}
