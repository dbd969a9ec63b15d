import type { Contract } from '../contract/contract.js';
import type { OperationRunner } from '../operations/operation-runner.js';
import type { Spool } from '../storage/spool.js';
import type { LogCall } from './call-log.js';
import type { BufferPool } from './payload/buffer-pool.js';
import type { TextBudget } from './payload/text-budget.js';

/** What a binding works with, whatever protocol it speaks. */
export interface BindingOptions {
  readonly contract: Contract;
  readonly runner: OperationRunner;
  readonly spool: Spool;
  readonly buffers: BufferPool;
  readonly log: LogCall;
  /** Told of errors that are the server's. */
  readonly report: (error: unknown) => void;
  readonly trustProxy: boolean;
  /** The longest message, without its content, bytes. */
  readonly maxTextBytes: number;
  /** Of all calls. */
  readonly texts: TextBudget;
  /** How long to wait for the next bytes of a request, or for the caller to take some of an answer, ms. */
  readonly idleLimit: number;
}
