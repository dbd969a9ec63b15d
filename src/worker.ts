import { instructAllocator } from './allocator.js';
import { createApplication } from './bindings/application.js';
import type { CallRecord } from './bindings/call-log.js';
import { HttpBinding } from './bindings/http/http-binding.js';
import { BufferPool } from './bindings/payload/buffer-pool.js';
import { MemoryBudget } from './bindings/payload/memory-budget.js';
import { TextBudget } from './bindings/payload/text-budget.js';
import { SoapBinding } from './bindings/soap/soap-binding.js';
import { SoapDispatcher } from './bindings/soap/soap-dispatcher.js';
import { instructCollector } from './collector.js';
import { matchOperations } from './contract/match-operations.js';
import { loadContract } from './contract/wsdl-reader.js';
import { createListener, type Listener, readCertificate } from './listener.js';
import { logCall, type Logger } from './log.js';
import { OperationRunner } from './operations/operation-runner.js';
import { buildRooms, type Rooms } from './rooms.js';
import type { Settings } from './settings.js';
import type { DataDirectory } from './storage/data-directory.js';
import type { Database } from './storage/database.js';
import type { FileContentStore } from './storage/file-content-store.js';
import { CallMetrics, type MeasuredMetrics } from './telemetry/call-metrics.js';
import { probeStores } from './telemetry/probe-stores.js';
import { statusRoutes } from './telemetry/status-routes.js';

/** The longest message, without its content, bytes. */
const MAX_TEXT_BYTES = 1024 * 1024;

/** What the texts of all calls may take at the least, however little memory there is for buffers, bytes. */
const LEAST_TEXTS = 32 * 1024 * 1024;

/** Content is gathered for the disk, and encoded for an answer, in buffers of this size, bytes. */
const CONTENT_BUFFER = 256 * 1024;

export interface WorkerOptions {
  readonly settings: Settings;
  readonly directory: DataDirectory;
  readonly database: Database;
  readonly contents: FileContentStore;
  readonly log: Logger;
  readonly epoch: number;
  /** The name of this process among the server's workers; undefined when it is the only one. */
  readonly name: string | undefined;
  /** The metrics of the server as a whole, as Prometheus reads them. */
  readonly metrics: () => Promise<string>;
}

/** A process that serves: what takes calls, on top of the rooms. */
export class Worker {
  readonly rooms: Rooms;
  readonly #settings: Settings;
  readonly #listener: Listener;
  readonly #metrics: CallMetrics;
  readonly #log: Logger;

  private constructor(options: WorkerOptions, rooms: Rooms, listener: Listener, metrics: CallMetrics) {
    this.#settings = options.settings;
    this.#log = options.log;
    this.rooms = rooms;
    this.#listener = listener;
    this.#metrics = metrics;
  }

  /** @throws ContractError when the WSDL and the operations do not match. */
  static async create(options: WorkerOptions): Promise<Worker> {
    const { settings, directory, database, contents, log, epoch, name } = options;
    instructCollector();
    instructAllocator();
    const report = (error: unknown, operation?: string): void =>
      log.error({ err: error, operation }, 'unexpected error');
    const contract = loadContract();
    const rooms = buildRooms({ settings, database, contents, claims: directory.openClaims(), epoch, worker: name });
    const runner = new OperationRunner(rooms.operations, report);
    matchOperations(contract, runner.names);
    const budget = new MemoryBudget(settings.memory);
    const metrics = new CallMetrics(budget);
    const shared = {
      contract,
      runner,
      spool: directory.openSpool(),
      buffers: new BufferPool(budget, CONTENT_BUFFER),
      log: (record: CallRecord) => {
        logCall(log, record);
        metrics.count(record);
      },
      report,
      trustProxy: settings.trustProxy,
      maxTextBytes: MAX_TEXT_BYTES,
      texts: new TextBudget(Math.max(settings.memory / 2, LEAST_TEXTS)),
      idleLimit: settings.readTimeout * 1000,
    };
    const dispatcher = await SoapDispatcher.create(contract, runner);
    const application = createApplication({
      contract,
      soap: new SoapBinding({ ...shared, dispatcher }),
      http: new HttpBinding({ ...shared, maxRequestLine: settings.maxRequestLine }),
      trustProxy: settings.trustProxy,
      texts: shared.texts,
      idleLimit: shared.idleLimit,
      report,
      status: statusRoutes({
        probe: () => probeStores(database, contents),
        metrics: settings.metricsAddress === undefined ? options.metrics : undefined,
      }),
    });
    const listener = createListener(application, {
      maxRequestLine: settings.maxRequestLine,
      idleLimit: shared.idleLimit,
      maxConnections: settings.maxConnections,
      certificate: readCertificate(settings),
    });
    return new Worker(options, rooms, listener, metrics);
  }

  /** What this process has measured. */
  measure(): Promise<MeasuredMetrics> {
    return this.#metrics.measure();
  }

  /** Reads certificate and key again, for connections to come. What cannot be read is told to the log, and the old ones stay. */
  reload(): void {
    try {
      const certificate = readCertificate(this.#settings);
      if (certificate) this.#listener.useCertificate(certificate);
      this.#log.info('certificate and key were read again');
    } catch (error) {
      this.#log.error({ err: error }, 'certificate and key could not be read again');
    }
  }

  /** Starts to take calls; fulfilled with the port. */
  listen(): Promise<number> {
    return this.#listener.listen(this.#settings.host, this.#settings.port);
  }

  /**
   * Takes no new calls and finishes those that run. @throws StorageFailure when an upload is left whose bytes may be lost: nobody else knows of it, and
   * what is staged must not be trusted at the next start.
   */
  async stop(): Promise<void> {
    this.rooms.throttle.stop();
    await this.#listener.stop();
    await this.rooms.audit.flush().catch((error: unknown) => {
      this.#log.error({ err: error }, 'the number of refusals could not be recorded');
    });
    try {
      await this.rooms.uploads.deleteDoubtful();
    } catch (error) {
      this.#log.error({ err: error }, 'uploads whose bytes may be lost could not be deleted');
      throw error;
    }
  }
}
