import { Gauge, Registry } from 'prom-client';
import type { Database } from '../storage/database.js';
import type { MeasuredMetrics } from './call-metrics.js';

/** What is measured about the server as a whole: what the database says is there. */
export class StateMetrics {
  readonly #registry = new Registry();

  constructor({ queries }: Database) {
    const registers = [this.#registry];
    new Gauge({
      name: 'lighterage_upload_handlers',
      help: 'Open upload handlers.',
      registers,
      async collect() {
        const row = await queries
          .selectFrom('upload_handlers')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow();
        this.set(row.count);
      },
    });
    new Gauge({
      name: 'lighterage_staged_bytes',
      help: 'Bytes staged by open upload handlers.',
      registers,
      async collect() {
        const row = await queries
          .selectFrom('upload_handlers')
          .select(({ fn }) => fn.sum<number | null>('length').as('bytes'))
          .executeTakeFirstOrThrow();
        this.set(row.bytes ?? 0);
      },
    });
    new Gauge({
      name: 'lighterage_download_handlers',
      help: 'Open download handlers.',
      registers,
      async collect() {
        const row = await queries
          .selectFrom('download_handlers')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow();
        this.set(row.count);
      },
    });
  }

  measure(): Promise<MeasuredMetrics> {
    return this.#registry.getMetricsAsJSON();
  }
}
