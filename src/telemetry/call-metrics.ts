import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import { type CallRecord, isServersFault } from '../bindings/call-log.js';
import type { MemoryBudget } from '../bindings/payload/memory-budget.js';

/** Figures of one process, or of several, in the form in which they can be put together. */
export type MeasuredMetrics = MetricObjectWithValues<MetricValue<string>>[];

/** Upper ends of the duration's buckets, seconds: from a look-up to a chunk over a slow line. */
const DURATION_BUCKETS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];

/** What a process that serves measures about its calls and about itself. */
export class CallMetrics {
  readonly #registry = new Registry();
  readonly #calls: Counter<'operation' | 'binding' | 'outcome'>;
  readonly #durations: Histogram<'operation'>;
  readonly #content: Counter<'direction'>;

  constructor(budget: MemoryBudget) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#calls = new Counter({
      name: 'lighterage_calls_total',
      help: 'Calls by operation, binding and outcome: ok, refused (success="false"), faulted (an error of HTTP or SOAP), or failed (the server is to blame, whatever it was answered with).',
      labelNames: ['operation', 'binding', 'outcome'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'lighterage_call_duration_seconds',
      help: 'From the first byte of a call to the last of its answer.',
      labelNames: ['operation'],
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#content = new Counter({
      name: 'lighterage_content_bytes_total',
      help: 'Decoded bytes of content that came in and went out.',
      labelNames: ['direction'],
      registers,
    });
    new Gauge({
      name: 'lighterage_memory_budget_bytes',
      help: 'The budget for buffers of requests: used and capacity.',
      labelNames: ['part'],
      registers,
      collect() {
        this.set({ part: 'used' }, budget.used);
        this.set({ part: 'capacity' }, budget.capacity);
      },
    });
    new Gauge({
      name: 'lighterage_memory_waiting',
      help: 'Calls that wait for a buffer.',
      registers,
      collect() {
        this.set(budget.waiting);
      },
    });
  }

  /** Counts a call that is over. */
  count(call: CallRecord): void {
    const { operation = 'unknown', binding, bytesIn, bytesOut, duration } = call;
    this.#calls.inc({ operation, binding, outcome: outcomeClass(call) });
    this.#durations.observe({ operation }, duration / 1000);
    if (bytesIn > 0) this.#content.inc({ direction: 'in' }, bytesIn);
    if (bytesOut > 0) this.#content.inc({ direction: 'out' }, bytesOut);
  }

  measure(): Promise<MeasuredMetrics> {
    return this.#registry.getMetricsAsJSON();
  }
}

function outcomeClass(call: CallRecord): 'ok' | 'refused' | 'faulted' | 'failed' {
  if (call.outcome === 'ok') return 'ok';
  if (isServersFault(call)) return 'failed';
  return call.status === 200 ? 'refused' : 'faulted';
}
