import fs from 'node:fs/promises';
import { ContentCheck } from '../../src/library/content-check.js';
import { type Logger, openLog } from '../../src/log.js';
import type { Rooms } from '../../src/rooms.js';
import { loadSettings } from '../../src/settings.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import type { Database } from '../../src/storage/database.js';
import type { FileContentStore } from '../../src/storage/file-content-store.js';
import { type FileOperations, systemFiles } from '../../src/storage/file-operations.js';
import { handOver, takeOver } from '../../src/take-over.js';
import { writeExposition } from '../../src/telemetry/exposition.js';
import { Worker } from '../../src/worker.js';
import { valueOf } from './answer.js';
import { POST } from './bindings.js';
import { call, Caller, type Service } from './caller.js';
import { type SettingTexts, TRUSTED_PASSWORD } from './running-service.js';
import { scratchDirectory } from './scratch-directory.js';

export interface AssembledServiceOptions {
  /** The users there are, beside those in no need of one. */
  readonly users: readonly string[];
  /** @default the system's */
  readonly files?: FileOperations;
  readonly settings?: SettingTexts;
  /** Names it as one of several workers. @default it is the only process */
  readonly worker?: string;
  /** @default as the settings say */
  readonly log?: Logger;
}

/** The run of the operating system all of it happens in. */
const BOOT = 'a boot';

interface Parts {
  readonly database: Database;
  readonly contents: FileContentStore;
  readonly rooms: Rooms;
  readonly worker: Worker;
  readonly url: string;
}

/** The server in this process, put together here: on file operations that may fail, and with its rooms and its database at hand. */
export class AssembledService implements Service {
  readonly data: string;
  readonly #options: AssembledServiceOptions;
  #parts: Parts;

  private constructor(data: string, options: AssembledServiceOptions, parts: Parts) {
    this.data = data;
    this.#options = options;
    this.#parts = parts;
  }

  /** Starts it on an empty data directory, with a library `Public`. */
  static async start(options: AssembledServiceOptions): Promise<AssembledService> {
    const data = scratchDirectory();
    const parts = await assemble(data, options);
    await parts.rooms.libraries.addFirst('Public');
    for (const name of options.users) await parts.rooms.users.add({ name, password: 'a user' });
    return new AssembledService(data, options, parts);
  }

  get url(): string {
    return this.#parts.url;
  }

  get rooms(): Rooms {
    return this.#parts.worker.rooms;
  }

  /** The server's own connection. */
  get database(): Database {
    return this.#parts.database;
  }

  /** Opens a session for a user. */
  async trust(name: string): Promise<Caller> {
    const args = { TrustedUserPwd: TRUSTED_PASSWORD, UserName: name };
    return new Caller(this, valueOf(await call(this, POST, 'CreateTicketforUser', args), 'ticket'));
  }

  /** What `lighterage check` finds. */
  async findings(): Promise<string[]> {
    const { contents, database } = this.#parts;
    const texts: string[] = [];
    for await (const { text } of new ContentCheck(database.queries, contents).findings()) texts.push(text);
    return texts;
  }

  /** Stops it and starts another on the same directory, with other settings when some are given. */
  async restart(settings: SettingTexts = {}): Promise<void> {
    await this.#stop();
    this.#parts = await assemble(this.data, { ...this.#options, settings: { ...this.#options.settings, ...settings } });
  }

  /** Stops it and removes what it left. */
  async end(): Promise<void> {
    await this.#stop();
    await fs.rm(this.data, { recursive: true });
  }

  async #stop(): Promise<void> {
    const { contents, database, rooms, worker } = this.#parts;
    await worker.stop();
    await handOver({ contents, database, rooms });
    await database.close();
  }
}

async function assemble(
  data: string,
  { files = systemFiles, log: given, settings: texts = {}, worker: name }: AssembledServiceOptions,
): Promise<Parts> {
  const flags = { port: '0', logLevel: 'silent', maxCallRate: '0', minFree: '0', ...texts, data };
  const { settings } = loadSettings({ flags, environment: { LIGHTERAGE_TRUSTED_PASSWORD: TRUSTED_PASSWORD } });
  const log = given ?? openLog(settings.logLevel, settings.logFormat);
  const directory = new DataDirectory(data, { minFree: settings.minFree, files });
  await directory.openSpool().clear();
  const contents = await directory.openContents();
  const database = directory.openDatabase();
  const claims = directory.openClaims();
  const { epoch, rooms } = await takeOver({ settings, database, contents, claims, boot: BOOT, log });
  const metrics = async (): Promise<string> => writeExposition([await worker.measure()]);
  const worker = await Worker.create({ settings, directory, database, contents, log, epoch, name, metrics });
  return { database, contents, rooms, worker, url: `http://127.0.0.1:${await worker.listen()}` };
}
