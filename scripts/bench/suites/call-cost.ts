import type { LoadGenerator } from '../load-generator.js';
import type { CallCost } from '../results.js';
import type { Product } from '../servers/product.js';
import { median, percentile } from '../statistics.js';
import type { LoadJob } from '../programs/load/load-job.js';
import { measure } from './transfers.js';

/** No job of calls takes as long, s. */
const ENDLESS = 3600;

/** Gathers what calls of one kind cost over several turns. */
export class CallCosts {
  #latencies: number[] = [];
  /** Processor time per call in each turn, s. */
  readonly #cpu: number[] = [];

  /** Makes calls over GET, so many at once. @throws when one fails. */
  async measure(load: LoadGenerator, server: Product, targets: readonly string[], connections: number): Promise<void> {
    const { port } = server.process;
    await this.measureJob(load, server, { kind: 'calls', port, seconds: ENDLESS, connections, targets });
  }

  /** Carries out a job of such calls. @throws when one fails. */
  async measureJob(load: LoadGenerator, server: Product, job: LoadJob): Promise<void> {
    const turn = await measure(load, server, job);
    this.#cpu.push((turn.user + turn.system) / turn.latencies.length);
    this.#latencies.push(...turn.latencies);
  }

  get sum(): CallCost {
    const sorted = this.#latencies.sort((a, b) => a - b);
    return {
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      cpu: median(this.#cpu) * 1000,
      count: sorted.length,
    };
  }
}

/** The target of a GET request that calls an operation. */
export function callTarget(server: Product, operation: string, args: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams({ authenticationTicket: server.ticket, ...args });
  return `/srv.asmx/${operation}?${query.toString()}`;
}
