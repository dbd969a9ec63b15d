import { Router } from 'express';
import { EXPOSITION_TYPE } from './exposition.js';

export interface StatusRoutesOptions {
  /** Rejects when the database or the content store does not answer. */
  readonly probe: () => Promise<void>;
  /** The metrics as Prometheus reads them; absent where they are served at another address. */
  readonly metrics?: (() => Promise<string>) | undefined;
}

/** For those who watch the server: `/healthz` (the process answers), `/readyz` (so do its stores), `/metrics`. */
export function statusRoutes({ probe, metrics }: StatusRoutesOptions): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => void response.type('text/plain').send('ok\n'));
  router.get('/readyz', async (_request, response) => {
    response.type('text/plain').set('Cache-Control', 'no-store');
    try {
      await probe();
      response.send('ready\n');
    } catch {
      response.status(503).send('A store does not answer.\n');
    }
  });
  if (metrics) {
    router.get('/metrics', async (_request, response) => {
      response
        .set('Content-Type', EXPOSITION_TYPE)
        .set('Cache-Control', 'no-store')
        .send(await metrics());
    });
  }
  return router;
}
