import { fileURLToPath } from 'node:url';
import type { Settings } from './settings.js';
import type { MeasuredMetrics } from './telemetry/call-metrics.js';

/* What the server and its workers say to each other. */

/** The program of a worker process. */
export const WORKER_ENTRY = fileURLToPath(new URL('./worker-main.js', import.meta.url));

/** What a worker is told. */
export type Order =
  | {
      readonly order: 'serve';
      readonly settings: Settings;
      readonly epoch: number;
      /** Its name among all workers there ever were. */
      readonly name: string;
    }
  | { readonly order: 'stop' }
  /** To read certificate and key again. */
  | { readonly order: 'reload' }
  /** To report its figures. */
  | { readonly order: 'measure'; readonly id: number }
  /** The answer to `askMetrics`; without a text when there are none to be had. */
  | { readonly order: 'metrics'; readonly id: number; readonly text: string | undefined };

/** What a worker tells. */
export type Report =
  /** It waits for its orders: what it is sent before that is lost. */
  | { readonly report: 'ready' }
  | { readonly report: 'listening' }
  /** It cannot serve. */
  | { readonly report: 'failed'; readonly reason: string }
  | { readonly report: 'measured'; readonly id: number; readonly metrics: MeasuredMetrics }
  /** Somebody asked it for the metrics, which are those of all workers. */
  | { readonly report: 'askMetrics'; readonly id: number };
