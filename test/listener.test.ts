import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import net from 'node:net';
import zlib from 'node:zlib';
import { valueOf } from './support/answer.js';
import { type Caller, hexCrc32 } from './support/caller.js';
import { beginChunk, chunkThatWaits } from './support/chunk-on-its-way.js';
import { connectTo, heldByServer, portOfUrl, rest } from './support/connection-queues.js';
import { eventually } from './support/eventually.js';
import { RunningService } from './support/running-service.js';
import { openContents } from './support/server-figures.js';

const MIB = 1024 * 1024;

let service: RunningService;
let caller: Caller;

beforeAll(async () => {
  service = await RunningService.start();
  caller = await service.logIn();
  await caller.store('/Public/large.bin', Buffer.alloc(16 * MIB, 'x'));
});

afterAll(() => service.end());

test.each([
  ['garbage', 'hello\r\n\r\n', '400 Bad Request'],
  ['another protocol', '\u0016\u0003\u0001\u0002\u0000\u0001', '400 Bad Request'],
  ['a request without a host', 'GET /healthz HTTP/1.1\r\n\r\n', '400 Bad Request'],
  ['a call without a host', 'POST /srv.asmx HTTP/1.1\r\nContent-Length: 0\r\n\r\n', '400 Bad Request'],
  ['a header with a line end of its own', 'GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n', '400 Bad Request'],
  [
    'two lengths',
    'POST /srv.asmx HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    '400 Bad Request',
  ],
  [
    'a length and chunks',
    'POST /srv.asmx HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    '400 Bad Request',
  ],
  ['a URL that is none', 'GET http://[:: HTTP/1.1\r\nHost: x\r\n\r\n', '400 Bad Request'],
  ['a call to a URL that is none', 'POST http://[::/srv.asmx HTTP/1.1\r\nHost: x\r\n\r\n', '400 Bad Request'],
  ['an endless request line', `GET /${'x'.repeat(10 * MIB)}`, '414 URI Too Long'],
  ['endless headers', `GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(MIB)}`, '431 Request Header Fields Too Large'],
])('%s is answered in one line, and the connection is closed for good', async (_what, request, status) => {
  const [answer, socket] = await talk(request);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
  expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  socket.destroy();
});

test.each([
  ['of HTTP/1.0 without a host', 'GET /healthz HTTP/1.0\r\n\r\n'],
  ['that expects what nobody knows', 'GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: y\r\nConnection: close\r\n\r\n'],
])('A request %s is served', async (_what, request) => {
  const [answer] = await talk(request);
  expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
});

test('What is no request does not get into the answer to the one before', async () => {
  const socket = await connect();
  const target = `/srv.asmx/DownloadDocument?authenticationTicket=${caller.ticket}&Path=/Public/large.bin`;
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(socket, 'readable');
  socket.write('this is not HTTP\r\n\r\n');
  const answer = await rest(socket);
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  expect(/^x*$/.test(body)).toBe(true);
  expect(answer).not.toContain('400 Bad Request');
});

test('What is no request is not answered in the place of the one before', async () => {
  const handler = await caller.openUpload();
  const first = await beginChunk(caller, handler, Buffer.alloc(1000));
  const [answer] = await talk(`${chunkThatWaits(caller, handler, '0')}this is not HTTP\r\n\r\n`);
  expect(answer).toBe('');
  await first.finish();
});

test('A message that breaks off in the middle is answered', async () => {
  const [answer] = await talk(
    'POST /srv.asmx HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nthis is no chunk\r\n',
  );
  expect(answer).toMatch(/^HTTP\/1.1 400 /);
});

test.each([
  ['SOAP', '/srv.asmx', 'text/xml', soapChunk],
  ['form', '/srv.asmx/UploadFileChunk', 'application/x-www-form-urlencoded', formChunk],
])(
  'A chunk that has come whole before it is read, and waits for another, is taken after that: %s',
  async (_, path, type, write) => {
    const handler = await caller.openUpload();
    const first = await beginChunk(caller, handler, Buffer.alloc(1000));
    const body = write(handler, Buffer.from('the second'));
    const socket = await connect();
    const answer = rest(socket);
    const begun = once(socket, 'data');
    const head = `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close`;
    /* Behind another request, so that all of it has come before any of it is read. */
    socket.write(`GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nPOST ${path} HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n${body}`);
    await begun;
    expect(valueOf(await first.finish(), 'success')).toBe('true');
    expect(await answer).toMatch(/ success="true" tryagain="false" filehexcrc="[0-9A-F]+"/);
    expect(valueOf(await caller.commit(handler, '/Public/both.bin'), 'success')).toBe('true');
    expect(await caller.download('/Public/both.bin')).toEqual(
      Buffer.concat([Buffer.alloc(1000), Buffer.from('the second')]),
    );
  },
);

test('A connection that was refused is closed, though the caller keeps its end open', async () => {
  const socket = net.connect({ host: '127.0.0.1', port: port(), allowHalfOpen: true });
  socket.resume().write('hello\r\n\r\n');
  await once(socket, 'end');
  const isHeld = async () => (await heldByServer(port())).has(socket.localPort ?? 0);
  expect(await isHeld()).toBe(true);
  await eventually(isHeld, (held) => !held);
  socket.destroy();
});

test.each([
  ['a form', '/srv.asmx/isValidTicket', 'application/x-www-form-urlencoded', 'AuthenticationTicket=x'],
  [
    'SOAP',
    '/srv.asmx',
    'text/xml',
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><ServerInfo xmlns="http://tempuri.org/"/></s:Body></s:Envelope>',
  ],
])('A connection goes on after a compressed body with bytes behind its end: %s', async (_what, path, type, message) => {
  const body = zlib.deflateSync(message).toString('latin1') + 'x'.repeat(300_000);
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Encoding: deflate\r\nContent-Length: ${body.length}`;
  const [answers] = await talk(`${head}\r\n\r\n${body}GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
});

test('Requests with small bodies whose length is not told may be sent ahead as well', async () => {
  const body = '5\r\na=b&c\r\n0\r\n\r\n';
  const head = 'POST /srv.asmx/ServerInfo HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded';
  const request = `${head}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
  const large = `GET /srv.asmx/DownloadDocument?authenticationTicket=${caller.ticket}&Path=/Public/large.bin HTTP/1.1\r\nHost: x\r\n\r\n`;
  const last = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const [answers] = await talk(large + request.repeat(12) + last);
  expect(answers.match(/HTTP\/1.1 200/g)).toHaveLength(14);
});

test('Requests that are sent ahead are answered in their order, one at a time', async () => {
  const socket = await connect();
  const large = `GET /srv.asmx/DownloadDocument?authenticationTicket=${caller.ticket}&Path=/Public/large.bin HTTP/1.1\r\nHost: x\r\n`;
  socket.write(`${large}\r\n`.repeat(4) + 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await once(socket, 'readable');
  expect(await openContents()).toBe(1);
  const answer = await rest(socket);
  expect(answer.match(/Content-Length: 16777216\r\n/g)).toHaveLength(4);
  expect(answer.lastIndexOf('Content-Length: 16777216')).toBeLessThan(answer.indexOf('text/plain'));
});

test.each([
  ['such as are served', 'GET /srv.asmx?wsdl HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['without a host', 'GET /healthz HTTP/1.1\r\n\r\n'],
  ['that expect what nobody knows', 'GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: y\r\n\r\n'],
])('A connection on which many more requests wait than anybody sends ahead is closed: %s', async (_what, request) => {
  const socket = await connect();
  const large = `GET /srv.asmx/DownloadDocument?authenticationTicket=${caller.ticket}&Path=/Public/large.bin HTTP/1.1\r\nHost: x\r\n\r\n`;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.write(large + request.repeat(100));
  socket.resume();
  await closed;
  expect(socket.bytesRead).toBeLessThan(16 * MIB);
  await eventually(openContents, (files) => files === 0);
});

test('Of what comes behind the request that was one too many, nothing is made a request', async () => {
  let made = 0;
  const count = (): void => {
    made++;
  };
  diagnostics.subscribe('http.server.request.start', count);
  try {
    const socket = await connect();
    const closed = new Promise((resolve) => socket.resume().once('close', resolve));
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\n\r\n'.repeat(3000));
    await closed;
  } finally {
    diagnostics.unsubscribe('http.server.request.start', count);
  }
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThan(30);
});

test('A connection on which requests wait whose bodies come meanwhile is closed', async () => {
  const handler = await caller.openUpload();
  const first = await beginChunk(caller, handler, Buffer.alloc(1000));
  const body = 'x'.repeat(15_500);
  const waiting = `POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const socket = await connect();
  const closed = new Promise((resolve) => socket.resume().once('close', resolve));
  socket.on('error', () => undefined);
  socket.write(chunkThatWaits(caller, handler, '0') + waiting.repeat(16));
  await closed;
  await first.finish();
});

test('A connection on which requests with very long heads wait is closed', async () => {
  const socket = await connect();
  const large = `GET /srv.asmx/DownloadDocument?authenticationTicket=${caller.ticket}&Path=/Public/large.bin HTTP/1.1\r\nHost: x\r\n\r\n`;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.write(large + `GET /healthz?${'x'.repeat(50_000)} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(6));
  socket.resume();
  await closed;
  expect(socket.bytesRead).toBeLessThan(16 * MIB);
  await eventually(openContents, (files) => files === 0);
});

test('No more connections are taken than there may be, and others when some have ended', async () => {
  const small = await RunningService.start({ maxConnections: '2' });
  const open = async (): Promise<net.Socket> => {
    const socket = net.connect({ host: '127.0.0.1', port: portOfUrl(small.url) });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  const ask = (socket: net.Socket): Promise<string> => {
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    return Promise.race([once(socket, 'data').then(String), once(socket, 'close').then(() => 'closed')]);
  };
  const [first, second] = [await open(), await open()];
  expect(await ask(first)).toContain('200 OK');
  expect(await ask(second)).toContain('200 OK');
  expect(await ask(await open())).toBe('closed');
  first.destroy();
  await eventually(
    async () => ask(await open()),
    (answer) => answer.includes('200 OK'),
  );
  second.destroy();
  await small.end();
});

function soapChunk(handler: string, bytes: Buffer): string {
  return (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><UploadFileChunk xmlns="http://tempuri.org/">' +
    `<authenticationTicket>${caller.ticket}</authenticationTicket><uploadHandler>${handler}</uploadHandler>` +
    `<fileChunk>${bytes.toString('base64')}</fileChunk><chunkHEXCRC>${hexCrc32(bytes)}</chunkHEXCRC><lastChunk>true</lastChunk>` +
    '</UploadFileChunk></s:Body></s:Envelope>'
  );
}

function formChunk(handler: string, bytes: Buffer): string {
  const content = encodeURIComponent(bytes.toString('base64'));
  return `authenticationTicket=${caller.ticket}&uploadHandler=${handler}&fileChunk=${content}&chunkHEXCRC=${hexCrc32(bytes)}&lastChunk=true`;
}

async function talk(request: string): Promise<[answer: string, socket: net.Socket]> {
  const socket = await connect();
  socket.write(request, 'latin1');
  return [await rest(socket), socket];
}

function connect(): Promise<net.Socket> {
  return connectTo(port());
}

function port(): number {
  return portOfUrl(service.url);
}
