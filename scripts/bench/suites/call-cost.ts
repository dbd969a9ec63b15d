import type { LoadGenerator } from '../load-generator.js';
import type { CallCost } from '../results.js';
import type { Product } from '../servers/product.js';
import { percentile } from '../statistics.js';

/** No job of calls takes as long, s. */
const ENDLESS = 3600;

/** Gathers what calls of one kind cost over several turns. */
export class CallCosts {
  #latencies: number[] = [];
  #cpu = 0;

  /** Makes calls over GET, so many at once. @throws when one fails. */
  async measure(load: LoadGenerator, server: Product, targets: readonly string[], connections: number): Promise<void> {
    const before = await server.process.cpuTime();
    const { port } = server.process;
    const report = await load.run({ kind: 'calls', port, seconds: ENDLESS, connections, targets });
    const after = await server.process.cpuTime();
    this.#cpu += after.user + after.system - before.user - before.system;
    this.#latencies.push(...report.latencies);
  }

  get sum(): CallCost {
    const sorted = this.#latencies.sort((a, b) => a - b);
    return {
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      cpu: (this.#cpu / sorted.length) * 1000,
      count: sorted.length,
    };
  }
}

/** The target of a GET request that calls an operation. */
export function callTarget(server: Product, operation: string, args: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams({ authenticationTicket: server.ticket, ...args });
  return `/srv.asmx/${operation}?${query.toString()}`;
}
