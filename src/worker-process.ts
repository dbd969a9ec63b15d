import type { Settings } from './settings.js';

/** The program of a worker process: see worker-main. */
export const WORKER_ENTRY = new URL('./worker-main.js', import.meta.url).pathname;

/** What a worker is told to do, in a message. */
export interface WorkerOrders {
  readonly settings: Settings;
  readonly epoch: number;
  /** Its name among all workers there ever were. */
  readonly name: string;
}

/** What it tells: that it waits for its orders (what it is sent before that is lost); then where it takes calls, or why it cannot. */
export type WorkerReport = 'ready' | { readonly port: number } | { readonly failure: string };
