import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { GET, POST } from '../support/bindings.js';
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

test('Calls are counted by what became of them; what is the fault of the server by itself', async () => {
  const full = await RunningService.start({ minFree: String(Number.MAX_SAFE_INTEGER) });
  try {
    const caller = await full.logIn();
    await caller.over(GET).call('ServerInfo');
    await caller.over(GET).call('FolderExists', { Path: '/Nowhere' });
    await fetch(`${full.url}/srv.asmx/CreateUploadHandler?PreferedChunkSize=x`);
    await caller.over(POST).call('UploadDocument', { path: '/Public/a.txt', fileContent: Buffer.from('a') });
    const figures = await (await fetch(`${full.url}/metrics`)).text();
    for (const labels of [
      'operation="ServerInfo",binding="GET",outcome="ok"',
      'operation="FolderExists",binding="GET",outcome="refused"',
      'operation="CreateUploadHandler",binding="GET",outcome="faulted"',
      'operation="UploadDocument",binding="POST",outcome="failed"',
    ])
      expect(figures).toContain(`lighterage_calls_total{${labels}} 1\n`);
  } finally {
    await full.end();
  }
});

test('docs/OPERATIONS.md names every figure the server has of its own', async () => {
  const service = await RunningService.start();
  const figures = await (await fetch(`${service.url}/metrics`)).text();
  await service.end();
  const served = [...figures.matchAll(/^# TYPE (lighterage_\w+) /gm)].map(([, name = '']) => name);
  const named = [...fs.readFileSync('docs/OPERATIONS.md', 'utf8').matchAll(/^\| `(lighterage_\w+)` /gm)];
  expect(named.map(([, name = '']) => name).sort()).toEqual(served.sort());
});
