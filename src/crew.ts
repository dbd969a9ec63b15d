import cluster, { type Worker as ClusterWorker } from 'node:cluster';
import crypto from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { closeConnectionInHand } from './connection-in-hand.js';
import type { Order, Report } from './crew-messages.js';
import type { Logger } from './log.js';
import type { Settings } from './settings.js';
import type { MeasuredMetrics } from './telemetry/call-metrics.js';

export interface CrewOptions {
  /** The program of a worker. */
  readonly program: string;
  readonly settings: Settings;
  readonly epoch: number;
  readonly log: Logger;
  /** Frees what a worker held that is no more, and removes what it left. Repeated when it fails. */
  readonly bury: (name: string) => Promise<void>;
  /** The metrics of the server as a whole: a worker that is asked for them asks for them here. */
  readonly metrics: () => Promise<string>;
}

/**
 * How soon after the start of a worker another may be started in its place, ms: one that always fails must not use up the machine. One that ends later is
 * replaced at once. While there is none at all, connections are refused: Node closes the port with the last worker that listens.
 */
const LEAST_LIFE_MS = 1_000;

/**
 * How long to wait before trying again to free what a worker held, ms: doubled up to the second figure. While the database is busy an attempt holds this
 * process up, which hands over the connections.
 */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/** How long a worker may take to report its figures, ms: after that they are left out. */
const MEASURE_LIMIT_MS = 2_000;

const STOP: Order = { order: 'stop' };

/** How a worker ended, for the log. */
type WorkerEnd = { readonly code: number; readonly signal: string } | { readonly err: unknown };

/** The worker processes of a server: they share the port, the database and the content directory. */
export class Crew {
  readonly #options: CrewOptions;
  /** What the workers are told. */
  #settings: Settings;
  /** Those that were told to serve. What becomes of others is no matter: a signal to all processes ends them when they have hardly begun. */
  readonly #ordered = new WeakSet<ClusterWorker>();
  readonly #measurements = new Map<number, (metrics: MeasuredMetrics) => void>();
  #lastId = 0;
  #isStopping = false;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#settings = options.settings;
    cluster.setupPrimary({ exec: options.program });
  }

  /** Starts the workers; fulfilled with the port when all of them take calls. @throws when one cannot. */
  async start(): Promise<number> {
    const { settings } = this.#options;
    /* Told to take any port, they would take another one whenever all of them had ended. */
    if (settings.port === 0) this.#settings = { ...settings, port: await findPort(settings.host) };
    try {
      await Promise.all(Array.from({ length: settings.workers }, () => this.#engage()));
      return this.#settings.port;
    } catch (error) {
      await this.stop().catch(() => undefined);
      throw error;
    }
  }

  /** Lets the workers finish what they do; settled when all have ended. @throws when one of them that served did not end as it should. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const isWell = await Promise.all(
      workers().map(async (worker) => (await dismissed(worker)) === 0 || !this.#ordered.has(worker)),
    );
    if (isWell.includes(false)) throw new Error('A worker did not stop as it should.');
  }

  /** Tells the workers to read certificate and key again. */
  reload(): void {
    for (const worker of workers()) tell(worker, { order: 'reload' });
  }

  /** The figures of all workers that report in time. */
  async measure(): Promise<MeasuredMetrics[]> {
    return (await Promise.all(workers().map((worker) => this.#measureOne(worker)))).filter((one) => one !== undefined);
  }

  async #measureOne(worker: ClusterWorker): Promise<MeasuredMetrics | undefined> {
    const id = ++this.#lastId;
    const timeOut = new AbortController();
    const measured = new Promise<MeasuredMetrics>((resolve) => this.#measurements.set(id, resolve));
    tell(worker, { order: 'measure', id });
    try {
      return await Promise.race([measured, delay(MEASURE_LIMIT_MS, undefined, { signal: timeOut.signal })]);
    } finally {
      this.#measurements.delete(id);
      timeOut.abort();
    }
  }

  /** Starts a worker; fulfilled when it takes calls. */
  async #engage(): Promise<void> {
    const { epoch, log } = this.#options;
    const settings = this.#settings;
    const name = crypto.randomUUID();
    const begin = performance.now();
    const worker = this.#fork(name, begin);
    return new Promise((resolve, reject) => {
      let hasEnded = false;
      const ended = (end: WorkerEnd, error: Error): void => {
        if (hasEnded) return;
        hasEnded = true;
        void this.#replace(name, begin, end);
        reject(error);
      };
      worker.once('exit', (code, signal) => {
        ended({ code, signal }, new Error('A worker ended before it could take calls.'));
      });
      /* A connection cannot be handed to a worker that has just ended: without a listener that would end the server too. */
      worker.on('error', (error) => {
        if (worker.process.pid === undefined) {
          forget(worker);
          ended({ err: error }, error);
        } else {
          log.warn({ err: error }, 'a worker could not be told something');
        }
      });
      worker.on('message', (report: Report) => {
        if (report.report === 'ready') {
          if (!this.#isStopping) this.#ordered.add(worker);
          tell(worker, this.#isStopping ? STOP : { order: 'serve', settings, epoch, name });
        } else if (report.report === 'listening') resolve();
        else if (report.report === 'failed') reject(new Error(report.reason));
        else if (report.report === 'measured') this.#measurements.get(report.id)?.(report.metrics);
        else void this.#answerMetrics(worker, report.id);
      });
      closeConnectionInHand(worker);
    });
  }

  /** Some of the system's refusals to begin a process are thrown, others are an error of a worker that never was. */
  #fork(name: string, begin: number): ClusterWorker {
    try {
      return cluster.fork();
    } catch (error) {
      void this.#replace(name, begin, { err: error });
      throw error;
    }
  }

  /** @param begin - When it was started, ms (`performance.now`). */
  async #replace(name: string, begin: number, end: WorkerEnd): Promise<void> {
    if (this.#isStopping) return;
    this.#options.log.error(end, 'a worker ended; another takes its place');
    await Promise.all([this.#engageAnother(begin), this.#bury(name)]);
  }

  /** One that ends before it takes calls is replaced like any other. */
  async #engageAnother(begin: number): Promise<void> {
    await delay(begin + LEAST_LIFE_MS - performance.now());
    if (this.#isStopping) return;
    await this.#engage().catch((error: unknown) => this.#complain(error));
  }

  /** One that was told to stop before it took calls is no trouble. */
  #complain(error: unknown): void {
    if (this.#isStopping) return;
    this.#options.log.error({ err: error }, 'a worker could not take the place of one that ended');
  }

  /** Tries until it succeeds: those who wait for what the worker held wait for that. A server that stops leaves it to the next start. */
  async #bury(name: string): Promise<void> {
    const { bury, log } = this.#options;
    for (let retry = FIRST_RETRY_MS; !this.#isStopping; retry = Math.min(retry * 2, LONGEST_RETRY_MS)) {
      try {
        await bury(name);
        return;
      } catch (error) {
        log.error({ err: error }, 'what a worker held that ended could not be freed; that is tried again');
      }
      await delay(retry, undefined, { ref: false });
    }
  }

  async #answerMetrics(worker: ClusterWorker, id: number): Promise<void> {
    const { log, metrics } = this.#options;
    try {
      tell(worker, { order: 'metrics', id, text: await metrics() });
    } catch (error) {
      log.error({ err: error }, 'the metrics could not be gathered');
      tell(worker, { order: 'metrics', id, text: undefined });
    }
  }
}

/** A port of the host's that is free. */
async function findPort(host: string): Promise<number> {
  const server = net.createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

function workers(): ClusterWorker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}

/** Of one that never was no end is told, and Node keeps it among the workers. */
function forget({ id }: ClusterWorker): void {
  if (cluster.workers) Reflect.deleteProperty(cluster.workers, id);
}

/** A worker that has ended in the meantime is not told anything: its end is known. */
function tell(worker: ClusterWorker, order: Order): void {
  if (worker.isConnected()) worker.send(order, () => undefined);
}

/**
 * Asks a worker to stop; fulfilled with its exit status when it has ended, null when it was killed. One that does not hear it yet is asked again when
 * it says that it is ready.
 */
function dismissed(worker: ClusterWorker): Promise<number | null> {
  return new Promise((resolve) => {
    /* One that never was has no number, and does not end. One that had ended before is no matter of this stop. */
    if (worker.isDead() || worker.process.pid === undefined) {
      resolve(0);
      return;
    }
    worker.once('exit', (code: number | null) => resolve(code));
    tell(worker, STOP);
  });
}
