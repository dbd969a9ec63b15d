import { once } from 'node:events';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { RunningService } from '../support/running-service.js';

/* Callers who begin a message, and then say nothing more. */

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start({ readTimeout: '2' });
});

afterAll(() => service.end());

const ENVELOPE =
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
  '<UploadDocument xmlns="http://tempuri.org/"><path>/a</path></UploadDocument></s:Body></s:Envelope>';

const MTOM = 'multipart/related; type="application/xop+xml"; boundary=b';

/** What is answered to a message that does not go on, until the connection ends. */
async function sendBeginning(path: string, type: string, beginning: string): Promise<string> {
  const socket = net.connect({ host: '127.0.0.1', port: Number(new URL(service.url).port) });
  await once(socket, 'connect');
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n\r\n${beginning}`);
  return text(socket);
}

test('An MTOM message that stops behind its envelope is answered in a line of plain text', async () => {
  const root = `--b\r\nContent-Type: application/xop+xml\r\n\r\n${ENVELOPE}\r\n--b\r\nContent-ID: <c>\r\n\r\nABC`;
  const [head, body] = (await sendBeginning('/srv.asmx', MTOM, root)).split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1.1 408 /);
  expect(head).toContain('\r\nContent-Type: text/plain; charset=utf-8\r\n');
  expect(body).toBe('The message did not arrive in time.\n');
});
