import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { acceptsGzip, compressText } from '../../src/bindings/compress-text.js';

test.each([
  [undefined, false],
  ['', false],
  ['identity', false],
  ['deflate', false],
  ['gzip', true],
  ['GZIP', true],
  ['x-gzip', true],
  ['*', true],
  ['deflate, gzip', true],
  ['br;q=1.0, gzip;q=0.8, *;q=0.1', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000', false],
  ['gzip;q=0, *', false],
  ['*;q=0', false],
  ['identity;q=1, *;q=0.5', true],
  ['gzip;q=much', false],
  ['gzipped', false],
  [',,;', false],
])('Accept-Encoding %j is answered with gzip: %s', (header, isAccepted) => {
  expect(acceptsGzip(header)).toBe(isAccepted);
});

describe('a text', () => {
  const LONG = 'compressible '.repeat(100);

  test('is compressed when it is long and the caller takes it', async () => {
    const { body, headers } = await answerOf(LONG, { 'accept-encoding': 'gzip' });
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(body.length).toBeLessThan(LONG.length);
    expect(gunzipSync(body).toString()).toBe(LONG);
  });

  test('is not compressed when the caller does not take it, and caches are told that others may', async () => {
    const { body, headers } = await answerOf(LONG, {});
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers.vary).toBe('Accept-Encoding');
    expect(body.toString()).toBe(LONG);
  });

  test('is never compressed when it is shorter than 1 KiB', async () => {
    const { body, headers } = await answerOf('x'.repeat(1023), { 'accept-encoding': 'gzip' });
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers.vary).toBeUndefined();
    expect(body.length).toBe(1023);
  });
});

async function answerOf(
  text: string,
  headers: http.OutgoingHttpHeaders,
): Promise<{ headers: http.IncomingHttpHeaders; body: Buffer }> {
  const server = http.createServer((_request, response) => {
    void compressText(response, text).then((body) => response.end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      http.get({ host: '127.0.0.1', port, headers, agent: false }, resolve).on('error', reject);
    });
    return { headers: response.headers, body: Buffer.concat(await response.toArray()) };
  } finally {
    server.close();
  }
}
