import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import express from 'express';
import { expressMessages } from '../../src/bindings/express-messages.js';

describe('Requests and responses that are Express’s from the start', () => {
  const application = express();
  const prototypes: { arrived: unknown[]; routed: unknown[] } = { arrived: [], routed: [] };
  application.get('/', (request, response) => {
    prototypes.routed = [Object.getPrototypeOf(request), Object.getPrototypeOf(response)];
    response
      .status(201)
      .send(`${request.path} ${String(request.app === application)} ${String(response.app === application)}`);
  });
  const server = http.createServer(expressMessages(application), (request, response) => {
    prototypes.arrived = [Object.getPrototypeOf(request), Object.getPrototypeOf(response)];
    application(request, response);
  });

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => {
    server.close();
  });

  test('keep their prototypes when Express routes them, and have all that Express gives', async () => {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(answer.status).toBe(201);
    expect(await answer.text()).toBe('/ true true');
    expect(prototypes.routed).toHaveLength(2);
    expect(prototypes.routed[0]).toBe(prototypes.arrived[0]);
    expect(prototypes.routed[1]).toBe(prototypes.arrived[1]);
  });
});

test('What a connection is destroyed with is no trouble when more requests had come on it', async () => {
  const server = http.createServer(expressMessages(express()), ({ socket }) => {
    socket.destroy(new Error('It is over.'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
  /* The server is in this process: an error that nobody hears fails the test. */
  await once(client.resume(), 'close');
  server.close();
  await once(server, 'close');
});
