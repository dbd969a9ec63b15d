import { once } from 'node:events';
import fs from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { type RunningServer, startServer } from '../../src/server.js';
import { loadSettings } from '../../src/settings.js';
import { GET, type HttpRequest, POST, SOAP_11 } from '../support/bindings.js';
import { CERTIFICATE, KEY } from '../support/certificate.js';
import { CHEAP_PASSWORDS } from '../support/running-service.js';
import { scratchDirectory } from '../support/scratch-directory.js';

let data: string;
let server: RunningServer;

/** How long a caller may be silent, s. */
const SILENCE = 1;

beforeAll(async () => {
  data = scratchDirectory();
  const [tlsCertificate, tlsKey] = [path.join(data, 'certificate.pem'), path.join(data, 'key.pem')];
  await fs.writeFile(tlsCertificate, CERTIFICATE);
  await fs.writeFile(tlsKey, KEY);
  const own = { data: path.join(data, 'data'), tlsCertificate, tlsKey, passwordCost: CHEAP_PASSWORDS };
  const flags = { port: '0', workers: '1', logLevel: 'silent', readTimeout: String(SILENCE), ...own };
  server = await startServer(loadSettings({ flags, environment: { LIGHTERAGE_ADMIN_PASSWORD: 'any' } }).settings);
});

afterAll(async () => {
  await server.stop();
  await fs.rm(data, { recursive: true });
});

/** The version of TLS that is agreed on with a caller who has no newer one. */
async function versionWith(maxVersion: tls.SecureVersion): Promise<string | null> {
  const socket = tls.connect({ port: Number(new URL(server.url).port), ca: CERTIFICATE, maxVersion });
  await once(socket, 'secureConnect');
  const version = socket.getProtocol();
  socket.destroy();
  return version;
}

test('A certificate that is read again is used with the versions of TLS the server began with', async () => {
  expect(await versionWith('TLSv1.2')).toBe('TLSv1.2');
  const before = tls.DEFAULT_MIN_VERSION;
  /* What Node.js would take of itself is another thing than what the server says: newer here, as older ones cannot be tried. */
  tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
  try {
    server.reload();
  } finally {
    tls.DEFAULT_MIN_VERSION = before;
  }
  expect(await versionWith('TLSv1.2')).toBe('TLSv1.2');
  expect(await versionWith('TLSv1.3')).toBe('TLSv1.3');
});

test('A caller who does not shake hands is left when the time for being silent is over', async () => {
  const silent = net.connect({ port: Number(new URL(server.url).port), host: '127.0.0.1' });
  await once(silent.resume(), 'close');
});

/** The headers a request is answered with. */
async function headersOf({ body, headers, method, path: at }: HttpRequest): Promise<Record<string, unknown>> {
  const sent = https.request(server.url + at, { method, headers, ca: CERTIFICATE, agent: false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [{ headers: Record<string, unknown>; resume(): void }];
  response.resume();
  return response.headers;
}

test.each([
  ['SOAP', SOAP_11.request('ServerInfo', {})],
  ['GET', GET.request('ServerInfo', {})],
  ['POST', POST.request('ServerInfo', {})],
  ['an operation there is not', GET.request('Nothing', {})],
  ['a file', GET.request('DownloadDocument', {})],
  ['the page of the service', Promise.resolve({ method: 'GET', path: '/srv.asmx', headers: {} } as const)],
  ['the WSDL', Promise.resolve({ method: 'GET', path: '/srv.asmx?wsdl', headers: {} } as const)],
  ['an address where nothing is', Promise.resolve({ method: 'GET', path: '/nothing', headers: {} } as const)],
  ['a look whether it is up', Promise.resolve({ method: 'GET', path: '/healthz', headers: {} } as const)],
])('Over TLS callers are told to stay with it, and that content is what it says: %s', async (_, request) => {
  expect(await headersOf(await request)).toMatchObject({
    'strict-transport-security': 'max-age=31536000',
    'x-content-type-options': 'nosniff',
  });
});
