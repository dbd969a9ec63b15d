import { once } from 'node:events';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { RunningService } from '../support/running-service.js';

/* Callers who begin a message, and then say nothing more. */

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start({ readTimeout: '1' });
});

afterAll(() => service.end());

const ENVELOPE =
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
  '<UploadDocument xmlns="http://tempuri.org/"><path>/a</path></UploadDocument></s:Body></s:Envelope>';

const FORM = 'application/x-www-form-urlencoded';
const MTOM = 'multipart/related; type="application/xop+xml"; boundary=b';

/** Sends the beginning of a message that does not go on. Fulfilled when it is on its way. */
async function begin(path: string, type: string, beginning: string): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port: Number(new URL(service.url).port) });
  await once(socket, 'connect');
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n\r\n`;
  await new Promise((resolve) => socket.write(head + beginning, resolve));
  return socket;
}

test('An MTOM message that stops behind its envelope is answered in a line of plain text', async () => {
  const root = `--b\r\nContent-Type: application/xop+xml\r\n\r\n${ENVELOPE}\r\n--b\r\nContent-ID: <c>\r\n\r\nABC`;
  const [head, body] = (await text(await begin('/srv.asmx', MTOM, root))).split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1.1 408 /);
  expect(head).toContain('\r\nContent-Type: text/plain; charset=utf-8\r\n');
  expect(body).toBe('The message did not arrive in time.\n');
});

test.each([
  ['SOAP message', '/srv.asmx', 'text/xml', ENVELOPE.slice(0, -20)],
  ['form', '/srv.asmx/UploadDocument', FORM, 'path=/a'],
])('A %s that stops is waited for once, and its connection is closed', async (_what, path, type, beginning) => {
  const message = await begin(path, type, beginning);
  await fetch(`${service.url}/healthz`);
  /* Of what is for a page nothing is read, and what is left of it is waited for once. */
  const page = await begin('/healthz', 'text/plain', 'x');
  const ended: string[] = [];
  const [answer] = await Promise.all([
    text(message).finally(() => ended.push('the message')),
    text(page).finally(() => ended.push('the page')),
  ]);
  expect(ended).toEqual(['the message', 'the page']);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toContain('\r\nConnection: close\r\n');
});

test('A call without parameters whose body stops is answered, and its connection is closed', async () => {
  const answer = await text(await begin('/srv.asmx/ServerInfo', 'text/plain', 'x'));
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toContain('\r\nConnection: close\r\n');
});
