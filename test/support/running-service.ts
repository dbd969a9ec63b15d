import fs from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCommandLine } from '../../src/commands/command-line.js';
import { type RunningServer, startServer } from '../../src/server.js';
import { loadSettings, type SettingName } from '../../src/settings.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import type { Database } from '../../src/storage/database.js';
import { valueOf } from './answer.js';
import { POST } from './bindings.js';
import { call, Caller, type Service } from './caller.js';
import { scratchDirectory } from './scratch-directory.js';

export const ADMIN = { name: 'admin', password: 'an administrator' } as const;
export const TRUSTED_PASSWORD = 'a trusted program';

/** The password of every user that is added. */
export const USER_PASSWORD = 'a user';

/** The setting `passwordCost` of tests: their passwords are no secrets. */
export const CHEAP_PASSWORDS = '10';

/** Settings by their texts. */
export type SettingTexts = Readonly<Partial<Record<SettingName, string>>>;

/** The server itself, in this process, on a port and a data directory of its own; and the command line on that directory. */
export class RunningService implements Service {
  readonly data: string;
  readonly #settings: SettingTexts;
  #server: RunningServer;

  private constructor(data: string, settings: SettingTexts, server: RunningServer) {
    this.data = data;
    this.#settings = settings;
    this.#server = server;
  }

  static async start(settings: SettingTexts = {}): Promise<RunningService> {
    const data = scratchDirectory();
    return new RunningService(data, settings, await start(data, settings));
  }

  /** Starts the server on a data directory there is already; it is removed at the end like any other. */
  static async on(data: string): Promise<RunningService> {
    return new RunningService(data, {}, await start(data, {}));
  }

  get url(): string {
    return this.#server.url;
  }

  /** Stops the server and removes what it left. */
  async end(): Promise<void> {
    await this.#server.stop();
    await fs.rm(this.data, { recursive: true });
  }

  /** Stops the server and starts another on the same directory. */
  async restart(): Promise<void> {
    await this.#server.stop();
    this.#server = await start(this.data, this.#settings);
  }

  async logIn(name: string = ADMIN.name, password: string = ADMIN.password): Promise<Caller> {
    return new Caller(
      this,
      valueOf(await call(this, POST, 'AuthenticateUser', { UID: name, PWD: password }), 'ticket'),
    );
  }

  /** Opens a session for a user in a way that takes no time: no password is checked. */
  async trust(name: string): Promise<Caller> {
    const args = { TrustedUserPwd: TRUSTED_PASSWORD, UserName: name };
    return new Caller(this, valueOf(await call(this, POST, 'CreateTicketforUser', args), 'ticket'));
  }

  /** Adds users, all with {@link USER_PASSWORD}. */
  async addUsers(...names: string[]): Promise<void> {
    for (const name of names) await this.command(['user', 'add', name], `${USER_PASSWORD}\n`);
  }

  /**
   * Runs a command of the program on the data directory. Returns what it prints. Only while nothing else runs: connections to one
   * database wait for each other without letting go of the process, and here they share one. @throws when it fails.
   */
  command(args: readonly string[], input?: string): Promise<string> {
    return command(this.data, args, input);
  }

  /** Works on the database beside the server, to do what only time or damage would. */
  database<T>(work: (queries: Database['queries']) => Promise<T>): Promise<T> {
    return withDatabase(this.data, work);
  }
}

function start(data: string, settings: SettingTexts): Promise<RunningServer> {
  const { settings: checked } = loadSettings({
    flags: { port: '0', workers: '1', logLevel: 'silent', passwordCost: CHEAP_PASSWORDS, ...settings, data },
    environment: { LIGHTERAGE_ADMIN_PASSWORD: ADMIN.password, LIGHTERAGE_TRUSTED_PASSWORD: TRUSTED_PASSWORD },
  });
  return startServer(checked);
}

/** Runs a command on a data directory. Returns what it prints. @throws with what it complains of when it fails. */
export async function command(data: string, args: readonly string[], input = ''): Promise<string> {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const [printed, complained] = [text(output), text(errors)];
  const environment = { LIGHTERAGE_DATA: data, LIGHTERAGE_PASSWORD_COST: CHEAP_PASSWORDS };
  const status = await runCommandLine(args, { input: Readable.from([input]), output, errors, environment });
  output.end();
  errors.end();
  if (status !== 0) throw new Error(`${args.join(' ')}: ${await complained}${await printed}`);
  return printed;
}

export async function withDatabase<T>(data: string, work: (queries: Database['queries']) => Promise<T>): Promise<T> {
  const database = new DataDirectory(data).openDatabase();
  try {
    return await work(database.queries);
  } finally {
    await database.close();
  }
}
