import SQLite from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type Transaction,
} from 'kysely';
import type { Schema } from './schema.js';

export type Queries = Kysely<Schema>;

/**
 * How long a statement waits for another process (a worker, the command line) to end its transaction, in ms. Their
 * transactions take milliseconds; only a stopped process or a failing disk gets near this.
 */
const BUSY_TIMEOUT_MS = 10_000;

/** Statements kept prepared. The server uses a few dozen texts; the limit is for what is composed at run time. */
const MAX_STATEMENTS = 500;

/**
 * The database: SQLite in WAL mode, reached through Kysely.
 *
 * A statement or a transaction survives a crash of the process once it has returned. What {@link durably} runs also
 * survives a loss of power. One connection a process: Kysely hands it out one transaction at a time.
 */
export class Database {
  readonly #sqlite: SQLite.Database;
  readonly #syncLevel: SyncLevel;
  readonly queries: Queries;

  constructor(path: string) {
    this.#sqlite = new SQLite(path, { timeout: BUSY_TIMEOUT_MS });
    this.#sqlite.pragma('journal_mode = WAL');
    this.#sqlite.pragma('foreign_keys = ON');
    this.#syncLevel = new SyncLevel(this.#sqlite);
    this.queries = new Kysely<Schema>({
      dialect: new PreparingDialect(this.#sqlite, this.#syncLevel),
    });
  }

  /** Runs a transaction. It starts as a writer, so that it is never refused half-way for another writer's sake. */
  transact<T>(run: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    return this.queries.transaction().execute(run);
  }

  /** Runs a transaction whose effect survives a loss of power once the promise is fulfilled (`synchronous = FULL`). */
  durably<T>(run: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    return this.queries.transaction().setIsolationLevel('serializable').execute(run);
  }

  /** A consistent copy of the database, made while it is in use. */
  async backup(path: string): Promise<void> {
    await this.#sqlite.backup(path);
  }

  async close(): Promise<void> {
    await this.queries.destroy();
  }
}

/** How hard SQLite syncs: NORMAL for what a crash of the process must not lose, FULL for what a loss of power must not. */
class SyncLevel {
  readonly #sqlite: SQLite.Database;

  constructor(sqlite: SQLite.Database) {
    this.#sqlite = sqlite;
    this.normal();
  }

  normal(): void {
    this.#sqlite.pragma('synchronous = NORMAL');
  }

  full(): void {
    this.#sqlite.pragma('synchronous = FULL');
  }
}

/** Kysely's SQLite dialect, with its statements kept prepared and its transactions begun as writers. */
class PreparingDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;
  readonly #syncLevel: SyncLevel;

  constructor(sqlite: SQLite.Database, syncLevel: SyncLevel) {
    const config = { database: new PreparedStatements(sqlite) };
    super(config);
    this.#config = config;
    this.#syncLevel = syncLevel;
  }

  override createDriver(): Driver {
    return new WriterFirstDriver(this.#config, this.#syncLevel);
  }
}

class WriterFirstDriver extends SqliteDriver {
  readonly #syncLevel: SyncLevel;

  constructor(config: SqliteDialectConfig, syncLevel: SyncLevel) {
    super(config);
    this.#syncLevel = syncLevel;
  }

  /* SQLite has one isolation level. Asking for it by name is how durably() asks for the stronger sync. */
  override async beginTransaction(
    connection: DatabaseConnection,
    settings?: { isolationLevel?: string },
  ): Promise<void> {
    if (settings?.isolationLevel !== undefined) this.#syncLevel.full();
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await super.commitTransaction(connection);
    this.#syncLevel.normal();
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await super.rollbackTransaction(connection);
    this.#syncLevel.normal();
  }
}

/** Keeps prepared what was prepared before: preparing costs several times what running a look-up does. */
class PreparedStatements {
  readonly #sqlite: SQLite.Database;
  readonly #statements = new Map<string, SQLite.Statement>();

  constructor(sqlite: SQLite.Database) {
    this.#sqlite = sqlite;
  }

  prepare(text: string): SQLite.Statement {
    const known = this.#statements.get(text);
    if (known && !known.busy) return known;
    const statement = this.#sqlite.prepare(text);
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    this.#statements.set(text, statement);
    return statement;
  }

  close(): void {
    this.#statements.clear();
    this.#sqlite.close();
  }
}
