import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
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
