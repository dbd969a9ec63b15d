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
