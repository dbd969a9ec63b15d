import cluster, { type Worker as ClusterWorker } from 'node:cluster';
import crypto from 'node:crypto';
import type { FirstAdministrator } from './accounts/users.js';
import { SharedWriterClaims } from './handlers/writer-claims.js';
import { type Logger, openLog } from './log.js';
import { buildRooms, type Rooms } from './rooms.js';
import type { Settings } from './settings.js';
import { DataDirectory } from './storage/data-directory.js';
import type { Database } from './storage/database.js';
import type { FileContentStore } from './storage/file-content-store.js';
import { migrate } from './storage/migrations.js';
import { beginEpoch, endEpoch } from './storage/server-state.js';
import { Sweeper } from './sweeper.js';
import { Worker } from './worker.js';
import { WORKER_ENTRY, type WorkerOrders, type WorkerReport } from './worker-process.js';

/** The library that is there from the first start on; every user may read and write in it. */
const FIRST_LIBRARY = 'Public';

/** A server that takes calls. */
export interface RunningServer {
  /** Where: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The administrator that was made because there was none. */
  readonly firstAdministrator: FirstAdministrator | undefined;
  /** Takes no new work, finishes what runs, closes the stores. */
  stop(): Promise<void>;
}

/** What is open while the server is up. */
interface Premises {
  readonly settings: Settings;
  readonly log: Logger;
  readonly directory: DataDirectory;
  readonly database: Database;
  readonly contents: FileContentStore;
  readonly epoch: number;
  readonly rooms: Rooms;
  readonly unlock: () => void;
}

/**
 * Starts the server: one process, or several that share the port and the data directory. @throws when a setting, the data directory or the
 * port does not allow it; nothing is left running then.
 */
export async function startServer(settings: Settings): Promise<RunningServer> {
  const log = openLog(settings.logLevel, settings.logFormat);
  const premises = await open(settings, log);
  try {
    const firstAdministrator = await furnish(premises);
    const crew = settings.workers === 1 ? await serveAlone(premises) : await serveByWorkers(premises);
    const sweeper = new Sweeper(crew.rooms, log);
    return {
      url: `http://${urlHost(settings.host)}:${crew.port}`,
      firstAdministrator,
      stop: async () => {
        await sweeper.stop();
        await crew.stop();
        await close(premises);
      },
    };
  } catch (error) {
    await premises.database.close();
    premises.unlock();
    throw error;
  }
}

/** Takes the data directory over from the server before, which may have been killed. */
async function open(settings: Settings, log: Logger): Promise<Premises> {
  const directory = new DataDirectory(settings.data);
  const unlock = directory.lock();
  const database = directory.openDatabase();
  try {
    await migrate(database.queries);
    const contents = await directory.openContents();
    const epoch = await beginEpoch(database);
    await SharedWriterClaims.clear(database);
    const rooms = buildRooms({ settings, database, contents, epoch, worker: undefined });
    await rooms.unclaimed.removeAll();
    return { settings, log, directory, database, contents, epoch, rooms, unlock };
  } catch (error) {
    await database.close();
    unlock();
    throw error;
  }
}

/** Makes what a first start needs: an administrator, and a library. */
async function furnish({ settings, rooms }: Premises): Promise<RunningServer['firstAdministrator']> {
  await rooms.libraries.addFirst(FIRST_LIBRARY);
  return rooms.users.addFirstAdministrator(settings.adminUser, settings.adminPassword);
}

/** After this, what is staged survives a loss of power: the next start may trust it. */
async function close({ database, rooms, unlock }: Premises): Promise<void> {
  await rooms.uploads.syncAll();
  await endEpoch(database);
  await database.close();
  unlock();
}

/** Those who serve. */
interface Crew {
  readonly port: number;
  readonly rooms: Rooms;
  stop(): Promise<void>;
}

async function serveAlone(premises: Premises): Promise<Crew> {
  const worker = await Worker.create({ ...premises, name: undefined });
  return { port: await worker.listen(), rooms: worker.rooms, stop: () => worker.stop() };
}

async function serveByWorkers(premises: Premises): Promise<Crew> {
  const { database, epoch, log, rooms, settings } = premises;
  cluster.setupPrimary({ exec: WORKER_ENTRY });
  let isStopping = false;

  const start = (): Promise<number> => {
    const process = cluster.fork();
    const name = crypto.randomUUID();
    process.once('exit', (code, signal) => {
      if (isStopping) return;
      log.error({ code, signal }, 'a worker ended; another takes its place');
      SharedWriterClaims.clear(database, name)
        .then(start)
        .catch((error: unknown) => log.error({ err: error }, 'no worker could take its place'));
    });
    return listening(process, { settings, epoch, name });
  };

  try {
    const ports = await Promise.all(Array.from({ length: settings.workers }, start));
    return {
      port: ports[0] ?? settings.port,
      rooms,
      stop: async () => {
        isStopping = true;
        await Promise.all(workers().map(ended));
      },
    };
  } catch (error) {
    isStopping = true;
    await Promise.all(workers().map(ended));
    throw error;
  }
}

function workers(): ClusterWorker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}

/** Gives a worker its orders; fulfilled with the port once it takes calls. */
function listening(worker: ClusterWorker, orders: WorkerOrders): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.on('message', (report: WorkerReport) => {
      if (report === 'ready') worker.send(orders);
      else if ('port' in report) resolve(report.port);
      else reject(new Error(report.failure));
    });
    worker.once('exit', () => reject(new Error('A worker ended before it could take calls.')));
  });
}

/** Asks a worker to stop; fulfilled when it has ended. */
function ended(worker: ClusterWorker): Promise<void> {
  return new Promise((resolve) => {
    if (worker.isDead()) {
      resolve();
      return;
    }
    worker.once('exit', () => resolve());
    worker.send('stop');
  });
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
