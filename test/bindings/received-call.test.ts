import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { ReceivedCall } from '../../src/bindings/received-call.js';
import { Failure } from '../../src/values/failure.js';

const server = http.createServer();

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => server.close());

async function receive(): Promise<{ calls: () => ReceivedCall; leave: () => void }> {
  const sent = http.get({ port: (server.address() as AddressInfo).port });
  sent.on('error', () => undefined);
  const [request] = (await once(server, 'request')) as [http.IncomingMessage];
  return { calls: () => new ReceivedCall(request, '192.0.2.1'), leave: () => void sent.destroy() };
}

test('A call whose caller closes the connection is aborted by a failure', async () => {
  const { calls, leave } = await receive();
  const { gone } = calls();
  expect(gone.aborted).toBe(false);
  leave();
  await once(gone, 'abort');
  expect(gone.reason).toEqual(new Failure('The caller left before the answer.'));
  expect(calls().gone.aborted).toBe(true);
});

test('All calls of a connection share one signal', async () => {
  const { calls, leave } = await receive();
  expect(calls().gone).toBe(calls().gone);
  leave();
});
