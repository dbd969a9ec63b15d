import { once } from 'node:events';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { limitConnections } from '../src/connection-limit.js';
import { CERTIFICATE, KEY } from './support/certificate.js';
import { eventually } from './support/eventually.js';

const server = https.createServer({ cert: CERTIFICATE, key: KEY }, (_request, response) => response.end());
const errors: unknown[] = [];

beforeAll(async () => {
  limitConnections(server, 2);
  server.on('clientError', (_error, socket) => socket.destroy()).on('error', (error) => errors.push(error));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** A connection on which nothing is said yet. */
async function connect(): Promise<net.Socket> {
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
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
