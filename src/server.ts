import http from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { FirstAdministrator } from './accounts/users.js';
import { HeadCounter } from './bindings/head-counter.js';
import { TextBudget } from './bindings/payload/text-budget.js';
import { Crew } from './crew.js';
import { WORKER_ENTRY } from './crew-messages.js';
import { Listener } from './listener.js';
import { type Logger, openLog } from './log.js';
import type { Rooms } from './rooms.js';
import type { Settings } from './settings.js';
import { bootId } from './storage/boot-id.js';
import type { ClaimLinks } from './storage/claim-links.js';
import { DataDirectory } from './storage/data-directory.js';
import type { Database } from './storage/database.js';
import type { FileContentStore } from './storage/file-content-store.js';
import { Sweeper } from './sweeper.js';
import { handOver, takeOver } from './take-over.js';
import type { MeasuredMetrics } from './telemetry/call-metrics.js';
import { writeExposition } from './telemetry/exposition.js';
import { probeStores } from './telemetry/probe-stores.js';
import { StateMetrics } from './telemetry/state-metrics.js';
import { statusRoutes } from './telemetry/status-routes.js';

/** The library that is there from the first start on; every user may read and write in it. */
const FIRST_LIBRARY = 'Public';

/** Characters of a trusted password that is no word to be guessed. */
const LONG_ENOUGH = 16;

/** What the heads of requests for the metrics may take, where these have an address of their own, bytes. */
const MOST_HEADS = 1024 * 1024;

/** A server that takes calls. */
export interface RunningServer {
  /** Where: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The administrator that was made because there was none. */
  readonly firstAdministrator: FirstAdministrator | undefined;
  /** Reads the certificate and its key again. */
  reload(): void;
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
  readonly claims: ClaimLinks;
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
  if (isShort(settings.trustedPassword)) {
    log.warn(
      `the trusted password is short: it opens the sessions of all users, and should have ${LONG_ENOUGH} characters`,
    );
  }
  const premises = await open(settings, log);
  try {
    const firstAdministrator = await furnish(premises);
    const state = new StateMetrics(premises.database);
    const metrics = async (): Promise<string> => writeExposition([await state.measure(), ...(await service.measure())]);
    const service = await (settings.workers === 1 ? serveAlone : serveByWorkers)(premises, metrics);
    const stopMetrics = await serveMetrics(premises, metrics).catch(async (error: unknown) => {
      await service.stop();
      throw error;
    });
    const sweeper = new Sweeper(service.rooms, log);
    return {
      url: `${settings.tlsCertificate === undefined ? 'http' : 'https'}://${urlHost(settings.host)}:${service.port}`,
      firstAdministrator,
      reload: () => service.reload(),
      stop: async () => {
        await sweeper.stop();
        await close(premises, Promise.all([stopMetrics(), service.stop()]));
      },
    };
  } catch (error) {
    await premises.database.close();
    premises.unlock();
    throw error;
  }
}

function isShort(trustedPassword: string | undefined): boolean {
  return trustedPassword !== undefined && trustedPassword.length < LONG_ENOUGH;
}

/** Takes the data directory over from the server before, which may have been killed. */
async function open(settings: Settings, log: Logger): Promise<Premises> {
  const directory = new DataDirectory(settings.data, settings);
  if (!directory.keepPrivate()) {
    log.warn('other users of the machine may look into the data directory: its mode should be 0700');
  }
  const unlock = directory.lock();
  try {
    await directory.openSpool().clear();
    const contents = await directory.openContents();
    const claims = directory.openClaims();
    const database = directory.openDatabase();
    try {
      const { epoch, rooms } = await takeOver({ settings, database, contents, claims, boot: bootId(), log });
      return { settings, log, directory, database, contents, claims, epoch, rooms, unlock };
    } catch (error) {
      await database.close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Makes what a first start needs: an administrator, and a library. */
async function furnish({ settings, rooms }: Premises): Promise<RunningServer['firstAdministrator']> {
  await rooms.libraries.addFirst(FIRST_LIBRARY);
  return rooms.users.addFirstAdministrator(settings.adminUser, settings.adminPassword);
}

/**
 * After this, what is staged survives a loss of power: the next start may trust it. @param ended - When that rejects, a process has not
 * stopped as it should, and may know of an upload that cannot be trusted.
 */
async function close(premises: Premises, ended: Promise<unknown>): Promise<void> {
  try {
    await ended;
    await handOver(premises);
  } finally {
    await premises.database.close();
    premises.unlock();
  }
}

/** Those who serve. */
interface Service {
  readonly port: number;
  readonly rooms: Rooms;
  /** What the processes that serve have measured. */
  measure(): Promise<MeasuredMetrics[]>;
  /** Reads certificate and key again. */
  reload(): void;
  /** @throws when a process that serves did not stop as it should. */
  stop(): Promise<void>;
}

async function serveAlone(premises: Premises, metrics: () => Promise<string>): Promise<Service> {
  /* Loaded here alone: the first process of several does not serve, and needs the memory for nothing of this. */
  const { Worker } = await import('./worker.js');
  const worker = await Worker.create({ ...premises, name: undefined, metrics });
  return {
    port: await worker.listen(),
    rooms: worker.rooms,
    measure: async () => [await worker.measure()],
    reload: () => worker.reload(),
    stop: () => worker.stop(),
  };
}

async function serveByWorkers(premises: Premises, metrics: () => Promise<string>): Promise<Service> {
  const { claims, epoch, log, rooms, settings } = premises;
  const crew = new Crew({
    program: WORKER_ENTRY,
    settings,
    epoch,
    log,
    bury: async (name) => {
      claims.free(name);
      await rooms.unclaimed.removeAll(name);
    },
    metrics,
  });
  return {
    port: await crew.start(),
    rooms,
    measure: () => crew.measure(),
    reload: () => crew.reload(),
    stop: () => crew.stop(),
  };
}

/** Serves the metrics at an address of their own, where the settings name one. The function it returns ends that. */
async function serveMetrics(premises: Premises, metrics: () => Promise<string>): Promise<() => Promise<void>> {
  const { contents, database, log, settings } = premises;
  if (!settings.metricsAddress) return () => Promise.resolve();
  const application = express();
  application.disable('x-powered-by');
  application.use(statusRoutes({ probe: () => probeStores(database, contents), metrics }));
  /* Express itself would answer with the stack. */
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows what takes errors by its four parameters
  application.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    log.error({ err: error }, 'the metrics could not be gathered');
    response.status(500).type('text/plain').send('The metrics could not be gathered.\n');
  });
  const heads = new HeadCounter({ texts: new TextBudget(MOST_HEADS), trustProxy: false });
  const listener = new Listener(http.createServer(), { serve: application, heads });
  await listener.listen(settings.metricsAddress.host, settings.metricsAddress.port);
  return () => listener.stop();
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
