import { once } from 'node:events';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { Connections } from '../src/connections.js';
import { CERTIFICATE, KEY } from './support/certificate.js';
import { connectTo } from './support/connection-queues.js';
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

/** A connection on which nothing is said yet. */
async function connect(): Promise<net.Socket> {
  const socket = await connectTo((server.address() as AddressInfo).port);
  return socket.on('error', () => undefined);
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
