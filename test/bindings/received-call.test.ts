import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { TextBudget } from '../../src/bindings/payload/text-budget.js';
import { ReceivedCall } from '../../src/bindings/received-call.js';
import { Failure } from '../../src/values/failure.js';

const server = http.createServer();

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const MIB = 1024 * 1024;

async function receive(texts = new TextBudget(MIB)): Promise<{
  request: http.IncomingMessage;
  calls: () => ReceivedCall;
  leave: () => void;
}> {
  const sent = http.get({ port: (server.address() as AddressInfo).port });
  sent.on('error', () => undefined);
  const [request] = (await once(server, 'request')) as [http.IncomingMessage];
  return { request, calls: () => new ReceivedCall(request, '192.0.2.1', texts), leave: () => void sent.destroy() };
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

test('A call counts while it waits in the middle of its message, and no more when it goes on', async () => {
  let isGivenUp = false;
  const texts = new TextBudget(MIB);
  const { calls, leave, request } = await receive(texts);
  for (let n = 0; n < 100; n++) calls().beginWait()();
  const endWaits = [1, 2, 3].map(() => calls().beginWait());
  texts.open({ address: '192.0.2.1' }, () => (isGivenUp = true)).take(MIB / 4);
  expect([request.socket.destroyed, isGivenUp]).toEqual([false, false]);
  calls().beginWait();
  expect([request.socket.destroyed, isGivenUp]).toEqual([true, false]);
  for (const endWait of endWaits) endWait();
  leave();
});

test('A call whose message has been read holds nothing that counts while it waits', async () => {
  const { calls, leave, request } = await receive();
  request.resume();
  await once(request, 'end');
  for (let n = 0; n < 100; n++) calls().beginWait();
  expect(request.socket.destroyed).toBe(false);
  leave();
});
