import type http from 'node:http';
import { createApplication } from './bindings/application.js';
import { HttpBinding } from './bindings/http/http-binding.js';
import { BufferPool } from './bindings/payload/buffer-pool.js';
import { MemoryBudget } from './bindings/payload/memory-budget.js';
import { SoapBinding } from './bindings/soap/soap-binding.js';
import { SoapDispatcher } from './bindings/soap/soap-dispatcher.js';
import { matchOperations } from './contract/match-operations.js';
import { loadContract } from './contract/wsdl-reader.js';
import { createListener, listen, stopListening } from './listener.js';
import { logCall, type Logger } from './log.js';
import { OperationRunner } from './operations/operation-runner.js';
import { buildRooms, type Rooms } from './rooms.js';
import type { Settings } from './settings.js';
import type { DataDirectory } from './storage/data-directory.js';
import type { Database } from './storage/database.js';
import type { FileContentStore } from './storage/file-content-store.js';

/** The longest message, without its content, bytes. */
const MAX_TEXT_BYTES = 1024 * 1024;

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
}

/** A process that serves: what takes calls, on top of the rooms. */
export class Worker {
  readonly rooms: Rooms;
  readonly #settings: Settings;
  readonly #server: http.Server;

  private constructor(settings: Settings, rooms: Rooms, server: http.Server) {
    this.#settings = settings;
    this.rooms = rooms;
    this.#server = server;
  }

  /** @throws ContractError when the WSDL and the operations do not match. */
  static async create(options: WorkerOptions): Promise<Worker> {
    const { settings, directory, database, contents, log, epoch, name } = options;
    const report = (error: unknown, operation?: string): void =>
      log.error({ err: error, operation }, 'unexpected error');
    const contract = loadContract();
    const rooms = buildRooms({ settings, database, contents, epoch, worker: name });
    const runner = new OperationRunner(rooms.operations, report);
    matchOperations(contract, runner.names);
    const shared = {
      contract,
      runner,
      spool: directory.openSpool(),
      buffers: new BufferPool(new MemoryBudget(settings.memory), CONTENT_BUFFER),
      log: (record: Parameters<typeof logCall>[1]) => logCall(log, record),
      report,
      trustProxy: settings.trustProxy,
      maxTextBytes: MAX_TEXT_BYTES,
      idleLimit: settings.readTimeout * 1000,
    };
    const dispatcher = await SoapDispatcher.create(contract, runner);
    const application = createApplication({
      contract,
      soap: new SoapBinding({ ...shared, dispatcher }),
      http: new HttpBinding({ ...shared, maxRequestLine: settings.maxRequestLine }),
      trustProxy: settings.trustProxy,
      report,
    });
    const server = createListener(application, {
      maxRequestLine: settings.maxRequestLine,
      idleLimit: settings.readTimeout * 1000,
    });
    return new Worker(settings, rooms, server);
  }

  /** Starts to take calls; fulfilled with the port. */
  listen(): Promise<number> {
    return listen(this.#server, this.#settings.host, this.#settings.port);
  }

  /** Takes no new calls and finishes those that run. */
  stop(): Promise<void> {
    return stopListening(this.#server);
  }
}
