import { once } from 'node:events';
import net from 'node:net';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { RunningService } from '../support/running-service.js';

test('Metrics that cannot be gathered are told of without stack and path, at either address', async () => {
  const metricsAddress = `127.0.0.1:${await freePort()}`;
  const [apart, beside] = [await RunningService.start({ metricsAddress }), await RunningService.start()];
  try {
    for (const [service, url] of [
      [apart, `http://${metricsAddress}/metrics`],
      [beside, `${beside.url}/metrics`],
    ] as const) {
      expect((await fetch(url)).status).toBe(200);
      await service.database((queries) => queries.schema.alterTable('upload_handlers').renameTo('gone').execute());
      const answer = await fetch(url);
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toMatch(/upload_handlers|node_modules|\.js|at /);
      await service.database((queries) => queries.schema.alterTable('gone').renameTo('upload_handlers').execute());
    }
  } finally {
    await apart.end();
    await beside.end();
  }
});

test('While a stop waits for somebody at the address of the metrics, the service takes no calls any more', async () => {
  const port = await freePort();
  const stopping = await RunningService.start({ metricsAddress: `127.0.0.1:${port}` });
  const slow = net.connect(port, '127.0.0.1');
  /* Whoever has begun to ask is given two seconds. */
  slow.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(slow, 'data');
  slow.write('GET /metrics HTTP/1.1\r\nHo');
  const left = once(slow.resume(), 'close');
  await fetch(`${stopping.url}/healthz`);
  const stopped = stopping.end();
  await eventually(
    () => fetch(`${stopping.url}/healthz`).then(String, () => 'refused'),
    (outcome) => outcome === 'refused',
  );
  expect(slow.closed).toBe(false);
  await left;
  await stopped;
});
