import { once } from 'node:events';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { HeadCounter } from '../src/bindings/head-counter.js';
import { TextBudget } from '../src/bindings/payload/text-budget.js';
import { Connections } from '../src/connections.js';
import { Listener } from '../src/listener.js';
import { CERTIFICATE, KEY } from './support/certificate.js';
import { eventually } from './support/eventually.js';

const server = https.createServer({ cert: CERTIFICATE, key: KEY }, (_request, response) => response.end());
const errors: unknown[] = [];

beforeAll(async () => {
  new Connections(server, 2);
  server.on('clientError', (_error, socket) => socket.destroy()).on('error', (error) => errors.push(error));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const portOf = (listening: net.Server): number => (listening.address() as AddressInfo).port;

/** A connection on which nothing is said yet. */
async function connect(port = portOf(server)): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Begins to shake hands, and stops after the first byte. */
async function holdHandshake(port: number): Promise<{ socket: tls.TLSSocket; goOn: () => void }> {
  const server = await connect(port);
  const between = net.createServer();
  await once(between.listen(0, '127.0.0.1'), 'listening');
  const connected = once(between, 'connection') as Promise<[net.Socket]>;
  const socket = tls.connect({ socket: await connect(portOf(between)), ca: CERTIFICATE, servername: 'localhost' });
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

/** Whether the server shakes hands on a connection, which it does not with one it closes. */
function isTaken(socket: net.Socket): Promise<boolean> {
  const secure = tls.connect({ socket, ca: CERTIFICATE, servername: 'localhost' }).on('error', () => undefined);
  return new Promise((resolve) => {
    secure.once('secureConnect', () => resolve(true)).once('close', () => resolve(false));
  });
}

test('Connections over TLS count from before they have shaken hands until they end', async () => {
  const [silent, secure] = [await connect(), await connect()];
  expect(await isTaken(secure)).toBe(true);
  for (let surplus = 0; surplus < 3; surplus++) expect(await isTaken(await connect())).toBe(false);
  silent.destroy();
  await eventually(async () => isTaken(await connect()), Boolean);
  expect(await isTaken(await connect())).toBe(false);
  secure.destroy();
  await eventually(async () => isTaken(await connect()), Boolean);
  expect(errors).toEqual([]);
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
