import { once } from 'node:events';
import net from 'node:net';
import zlib from 'node:zlib';
import { answer, NUMBER, valueOf } from '../support/answer.js';
import { type Caller, hexCrc32 } from '../support/caller.js';
import { beginChunk, chunkThatWaits } from '../support/chunk-on-its-way.js';
import { eventually } from '../support/eventually.js';
import { RunningService } from '../support/running-service.js';
import { readMetric } from '../support/server-figures.js';

/* Callers who send their content slowly, or not at all. */

let service: RunningService;
let caller: Caller;

beforeAll(async () => {
  /* 32 buffers. */
  service = await RunningService.start({ memory: '8MiB' });
  caller = await service.logIn();
});

afterAll(() => service.end());

test('More slow callers than there are buffers keep nobody from sending, though they have no ticket', async () => {
  const body =
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><UploadDocument xmlns="http://tempuri.org/"><fileContent>AAAA';
  const request =
    'POST /srv.asmx HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nSOAPAction: "http://tempuri.org/UploadDocument"\r\n' +
    `Content-Length: 1000000\r\n\r\n${body}`;
  const sockets = await Promise.all(Array.from({ length: 100 }, () => connect()));
  for (const socket of sockets) socket.write(request);
  await eventually(
    () => readMetric(service.url, 'lighterage_memory_waiting'),
    (waiting) => waiting === 0,
  );
  await caller.store('/Public/meanwhile.txt', Buffer.from('meanwhile'));
  expect(await caller.download('/Public/meanwhile.txt')).toEqual(Buffer.from('meanwhile'));
  for (const socket of sockets) socket.destroy();
});

test('What comes slowly is kept as it is', async () => {
  const handler = await caller.openUpload();
  const content = Buffer.from(Array.from({ length: 700_000 }, (_, n) => n % 251));
  const beginning = `--b\r\nContent-Disposition: form-data; name="authenticationTicket"\r\n\r\n${caller.ticket}\r\n--b\r\nContent-Disposition: form-data; name="uploadHandler"\r\n\r\n${handler}\r\n--b\r\nContent-Disposition: form-data; name="fileChunk"; filename="f"\r\n\r\n`;
  const end = `\r\n--b\r\nContent-Disposition: form-data; name="chunkHEXCRC"\r\n\r\n${hexCrc32(content)}\r\n--b\r\nContent-Disposition: form-data; name="lastChunk"\r\n\r\ntrue\r\n--b--\r\n`;
  const length = beginning.length + content.length + end.length;
  const socket = await connect();
  socket.write(
    `POST /srv.asmx/UploadFileChunk HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${length}\r\n\r\n${beginning}`,
  );
  socket.write(content.subarray(0, 300_000));
  await eventually(takenBuffers, (bytes) => bytes > 0);
  await eventually(takenBuffers, (bytes) => bytes === 0);
  socket.write(content.subarray(300_000, 300_010));
  socket.write(content.subarray(300_010));
  socket.write(end);
  expect(String(await once(socket, 'data'))).toContain('success="true"');
  socket.destroy();
  expect(await caller.commit(handler, '/Public/slow.bin')).toEqual(
    answer('root', { success: 'true', DocumentId: NUMBER, VersionId: '1000000' }),
  );
  expect((await caller.download('/Public/slow.bin')).equals(content)).toBe(true);
});

test('Of callers with more text than there is room for, those who have taken longest are left', async () => {
  const text = 'x'.repeat(1_000_000);
  const request = `POST /srv.asmx/AuthenticateUser HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1040000\r\n\r\nUID=${text}`;
  const sockets = await Promise.all(Array.from({ length: 40 }, () => connect()));
  const closed = sockets.map((socket) => new Promise((resolve) => socket.on('error', resolve).on('close', resolve)));
  for (const socket of sockets) await new Promise((resolve) => socket.resume().write(request, resolve));
  /* 33 of these take 32 MiB, beside what is not counted. */
  await Promise.race(closed);
  await eventually(
    () => sockets.filter((socket) => socket.destroyed).length,
    (gone) => gone >= 5,
  );
  expect(sockets.filter((socket) => !socket.destroyed).length).toBeGreaterThan(25);
  expect(
    await caller.call('UploadDocumentWithHandler3', {
      path: '/x',
      uploadHandler: 'x',
      xmlParameters: 'x'.repeat(100_000),
    }),
  ).toEqual(answer('root', { success: 'false', error: 'Invalid upload handler.' }));
  for (const socket of sockets) socket.destroy();
});

test.each(['/srv.asmx/AuthenticateUser', '/srv.asmx', '/healthz'])(
  'Heads of requests whose bodies do not come count as text: %s',
  async (path) => {
    await overcrowd(480, longHead('POST', path, 'Content-Length: 1\r\n'));
  },
);

test('Short fields of heads count for what they take', async () => {
  const fields = Array.from({ length: 1000 }, (_, n) => `${n}:\r\n`).join('');
  await overcrowd(480, `POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n${fields}\r\n`);
});

test('Heads of requests that wait behind another count from the first byte', async () => {
  const handler = await caller.openUpload();
  const first = await beginChunk(caller, handler, Buffer.alloc(1000));
  /* 122 KiB for each connection. */
  const short = `GET /healthz?${'x'.repeat(8_000)} HTTP/1.1\r\nHost: x\r\n\r\n`;
  await overcrowd(480, chunkThatWaits(caller, handler, '0') + short.repeat(12));
  expect(valueOf(await first.finish(), 'success')).toBe('true');
});

test('Heads of requests that wait behind another count as text', async () => {
  const handler = await caller.openUpload();
  const first = await beginChunk(caller, handler, Buffer.alloc(1000));
  await overcrowd(480, chunkThatWaits(caller, handler, '0') + longHead('GET', '/healthz'));
  expect(valueOf(await first.finish(), 'success')).toBe('true');
});

test('Texts of calls that wait for their turn count as well', async () => {
  const handler = await caller.openUpload();
  const first = await beginChunk(caller, handler, Buffer.alloc(1000));
  await overcrowd(40, chunkThatWaits(caller, handler, '0'.repeat(1_000_000)));
  expect(valueOf(await first.finish(), 'success')).toBe('true');
});

test.each([
  ['form', chunkThatStops],
  ['MTOM', mtomChunkThatStops],
  ['a compressed form that has come whole', compressedChunk],
])('What calls hold counts that wait for their turn in the middle of their content: %s', async (_what, write) => {
  const handler = await caller.openUpload();
  const first = await beginChunk(caller, handler, Buffer.alloc(1000));
  await overcrowd(200, write(handler));
  expect(valueOf(await first.finish(), 'success')).toBe('true');
});

test('Decoders of bodies that are compressed count', async () => {
  const half = zlib.gzipSync('UID=anna&PWD=secret').subarray(0, 20);
  await overcrowd(600, withBody('AuthenticateUser', half, 1000));
});

/** A chunk whose place is known before its content, of which more comes than a socket delivers at once. */
function chunkThatStops(handler: string): string {
  const body = `authenticationTicket=${caller.ticket}&uploadHandler=${handler}&fileChunk=${'AAAA'.repeat(20_000)}`;
  return `POST /srv.asmx/UploadFileChunk HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\n${body}`;
}

function compressedChunk(handler: string): Buffer {
  const form = `authenticationTicket=${caller.ticket}&uploadHandler=${handler}&fileChunk=${'AAAA'.repeat(20_000)}`;
  const body = zlib.gzipSync(form);
  return withBody('UploadFileChunk', body, body.length);
}

/** A form that is compressed, of so many bytes, of which these have come. */
function withBody(operation: string, body: Buffer, length: number): Buffer {
  const head = `Content-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip\r\nContent-Length: ${length}`;
  return Buffer.concat([Buffer.from(`POST /srv.asmx/${operation} HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`), body]);
}

function mtomChunkThatStops(handler: string): string {
  const body = `--b\r\nContent-Type: application/xop+xml\r\n\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><UploadFileChunk xmlns="http://tempuri.org/"><authenticationTicket>${caller.ticket}</authenticationTicket><uploadHandler>${handler}</uploadHandler><fileChunk>${'AAAA'.repeat(20_000)}`;
  return `POST /srv.asmx HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/related; type="application/xop+xml"; boundary=b\r\nSOAPAction: "http://tempuri.org/UploadFileChunk"\r\nContent-Length: 1000000\r\n\r\n${body}`;
}

/** Sends the same over many connections until one is closed. */
async function overcrowd(connections: number, request: string | Buffer): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => connect()));
  const closed = sockets.map((socket) => new Promise((resolve) => socket.on('error', resolve).on('close', resolve)));
  for (const socket of sockets) await new Promise((resolve) => socket.resume().write(request, resolve));
  await Promise.race(closed);
  for (const socket of sockets) socket.destroy();
}

/** 88,000 characters, of which nearly 72,000 count. */
function longHead(method: string, path: string, header = ''): string {
  return `${method} ${path}?${'x'.repeat(60_000)} HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(28_000)}\r\n${header}\r\n`;
}

/* A socket takes some MiB for a caller who takes nothing; these answers are longer. */
test.each([
  ['POST', '/srv.asmx/DownloadFileChunk', 'application/x-www-form-urlencoded', form],
  ['SOAP', '/srv.asmx', 'text/xml', envelope],
])('Texts of answers that are not taken count as well: over %s', async (_binding, path, type, write) => {
  const body = write(caller.ticket, '"'.repeat(1_000_000));
  const request = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
  const ask = async (): Promise<net.Socket> => {
    const socket = await connect();
    socket.on('error', () => undefined).write(request);
    await once(socket, 'readable');
    return socket;
  };
  const isWhole = async (socket: net.Socket): Promise<boolean> => {
    let length = 0;
    socket.on('data', (bytes: Buffer) => (length += bytes.length));
    if (!socket.destroyed) await once(socket, 'close');
    return length > 6_000_000;
  };
  /* Message and answer of four take 27 MiB, and those of five more than 32. */
  const sockets: net.Socket[] = [];
  for (let n = 0; n < 5; n++) sockets.push(await ask());
  expect(await Promise.all(sockets.map(isWhole))).toEqual([false, true, true, true, true]);
  for (let n = 0; n < 5; n++) expect(await isWhole(await ask())).toBe(true);
});

function form(ticket: string, handler: string): string {
  return `authenticationTicket=${ticket}&DownloadHandler=${handler}`;
}

function envelope(ticket: string, handler: string): string {
  return (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><DownloadFileChunk xmlns="http://tempuri.org/">' +
    `<authenticationTicket>${ticket}</authenticationTicket><DownloadHandler>${handler}</DownloadHandler>` +
    '</DownloadFileChunk></s:Body></s:Envelope>'
  );
}

function takenBuffers(): Promise<number> {
  return readMetric(service.url, 'lighterage_memory_budget_bytes{part="used"}');
}

async function connect(): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port: Number(new URL(service.url).port) });
  await once(socket, 'connect');
  return socket;
}
