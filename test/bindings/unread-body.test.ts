import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import express from 'express';
import fc from 'fast-check';
import { expressMessages } from '../../src/bindings/express-messages.js';

const server = http.createServer(expressMessages(express()));

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.close();
});

/** Sends a body whose chunks of the transfer coding are so long. */
async function send(body: Buffer, lengths: readonly number[]) {
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const chunks: (string | Buffer)[] = [];
  let from = 0;
  for (const length of lengths) {
    chunks.push(`${length.toString(16)}\r\n`, body.subarray(from, from + length), '\r\n');
    from += length;
  }
  const coded = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk)));
  client.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  client.write(Buffer.concat([coded, Buffer.from('0\r\n\r\n')]));
  const [request] = (await once(server, 'request')) as [http.IncomingMessage];
  request.once('close', () => client.destroy());
  return request;
}

test('What has come in ten thousand chunks of a byte is read in two pieces', async () => {
  const body = Buffer.from(Array.from({ length: 10_000 }, (_, n) => n & 0xff));
  const request = await send(
    body,
    Array.from(body, () => 1),
  );
  while (!request.complete) await turn();
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  await once(request, 'end');
  expect(pieces.map(({ length }) => length)).toEqual([1, 9999]);
  expect(Buffer.concat(pieces).equals(body)).toBe(true);
  request.destroy();
});

test('What has come of a body is read while the rest is still to come, in two pieces however often some has come', async () => {
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  const [request] = (await once(server, 'request')) as [http.IncomingMessage];
  for (let n = 0; n < 50; n++) {
    const before = request.socket.bytesRead;
    client.write('1\r\nx\r\n');
    while (request.socket.bytesRead === before) await turn();
  }
  const lengths: number[] = [];
  request.on('data', ({ length }: Buffer) => lengths.push(length));
  while (lengths.length < 2) await turn();
  expect(lengths).toEqual([1, 49]);
  client.destroy();
  request.destroy();
});

test('The socket is stopped when as much has been gathered as a stream puts by, and goes on when it is read', async () => {
  const body = Buffer.alloc(1_000_000, 'x');
  const request = await send(
    body,
    Array.from({ length: body.length / 100 }, () => 100),
  );
  const { socket } = request;
  let before = -1;
  /* The client is in this process: what it has to send and the server takes comes within a few turns. */
  for (let unchanged = 0; unchanged < 100; unchanged++) {
    if (socket.bytesRead !== before) unchanged = 0;
    before = socket.bytesRead;
    await turn();
  }
  expect(before).toBeLessThan(3 * 64 * 1024);
  let length = 0;
  for await (const piece of request) length += (piece as Buffer).length;
  expect(length).toBe(body.length);
  request.destroy();
});

test('A body is the same in chunks of any length, however its reader stops', async () => {
  const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9000 })), {
    minLength: 1,
    maxLength: 60,
  });
  const stops = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(lengths, stops, fc.boolean(), async (chunks, pauses, isPulled) => {
      const body = Buffer.from(Array.from({ length: chunks.reduce((a, b) => a + b) }, (_, n) => n % 251));
      const request = await send(body, chunks);
      const read = isPulled ? await pull(request, pauses) : await flow(request, pauses);
      request.destroy();
      expect(read.equals(body)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

/** Reads with `for await`, and lets some turns of the event loop pass before each piece. */
async function pull(request: http.IncomingMessage, pauses: readonly number[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) {
    await pass(pauses[pieces.length % pauses.length] ?? 0);
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

/** Reads as it flows, and stops it now and then. */
async function flow(request: http.IncomingMessage, pauses: readonly number[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => {
    const turns = pauses[pieces.length % pauses.length] ?? 0;
    pieces.push(piece);
    if (turns === 0) return;
    request.pause();
    void pass(turns).then(() => request.resume());
  });
  await once(request, 'end');
  return Buffer.concat(pieces);
}

async function pass(turns: number): Promise<void> {
  for (let n = 0; n < turns; n++) await turn();
}
