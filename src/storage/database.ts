import SQLite from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type Transaction,
} from 'kysely';
import { StorageFailure, storageTrouble } from '../values/failure.js';
import type { Schema } from './schema.js';

export type Queries = Kysely<Schema>;

/**
 * How long a statement waits for another process (a worker, the command line) to end its transaction, in ms. Their
 * transactions take milliseconds; only a stopped process or a failing disk gets near this.
 */
const BUSY_TIMEOUT_MS = 10_000;

/** More pages than a database can have. */
const ALL_PAGES = 0x7fff_ffff;

/** Statements kept prepared. The server uses a few dozen texts; the limit is for what is composed at run time. */
const MAX_STATEMENTS = 500;

/**
 * The database: SQLite in WAL mode, reached through Kysely.
 *
 * A statement or a transaction survives a crash of the process once it has returned. What {@link durably} runs also
 * survives a loss of power, with all that was written before it. One connection a process: Kysely hands it out one transaction
 * at a time. Trouble with the disk or the database file comes out as a StorageFailure; the transaction it happened in has had
 * no effect.
 */
export class Database {
  readonly #sqlite: SQLite.Database;
  readonly #statements: PreparedStatements;
  readonly queries: Queries;

  /** @throws StorageFailure */
  constructor(path: string) {
    this.#sqlite = told(() => open(path));
    this.#statements = new PreparedStatements(this.#sqlite);
    this.queries = new Kysely<Schema>({ dialect: new PreparingDialect(this.#sqlite, this.#statements) });
  }

  /**
   * Runs one query outside of any transaction. While none is open there is nobody to wait for, and it runs at once: to pass through
   * Kysely costs as much as a look-up. @throws StorageFailure
   */
  async executeQuery<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>> {
    if (this.#sqlite.inTransaction) return this.queries.executeQuery(query);
    return told(() => {
      const statement = this.#statements.prepare(query.sql);
      if (statement.reader) return { rows: statement.all(query.parameters) as Row[] };
      return { rows: [], numAffectedRows: BigInt(statement.run(query.parameters).changes) };
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

  /**
   * A consistent copy of the database, made while it is in use. It is made in one go, or a copy beside busy writers would begin again
   * and again; this process does nothing else meanwhile. @throws StorageFailure
   */
  async backup(path: string): Promise<void> {
    await this.#sqlite.backup(path, { progress: () => ALL_PAGES }).catch((error: unknown) => {
      throw translate(error);
    });
  }

  async close(): Promise<void> {
    await this.queries.destroy();
  }
}

function open(path: string): SQLite.Database {
  const sqlite = new SQLite(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('foreign_keys = ON');
    setSyncLevel(sqlite, 'NORMAL');
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** Runs something of SQLite's and throws what it throws as the callers of the database are to see it. */
function told<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw translate(error);
  }
}

/** Trouble of the machine is a StorageFailure; anything else, a constraint for one, stays what it is. */
function translate(error: unknown): unknown {
  if (storageTrouble(error) === undefined) return error;
  return new StorageFailure('The records could not be read or written.', { cause: error });
}

/** How hard SQLite syncs: NORMAL for what a crash of the process must not lose, FULL for what a loss of power must not. */
type SyncLevel = 'NORMAL' | 'FULL';

function setSyncLevel(sqlite: SQLite.Database, level: SyncLevel): void {
  sqlite.pragma(`synchronous = ${level}`);
}

/** Kysely's SQLite dialect, with its statements kept prepared and its transactions begun as writers. */
class PreparingDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;
  readonly #sqlite: SQLite.Database;

  constructor(sqlite: SQLite.Database, statements: PreparedStatements) {
    const config = { database: statements };
    super(config);
    this.#config = config;
    this.#sqlite = sqlite;
  }

  override createDriver(): Driver {
    return new WriterFirstDriver(this.#config, this.#sqlite);
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalAdapter();
  }
}

/** SQLite takes changes of the schema back with the transaction; Kysely does not count on it unless told. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class WriterFirstDriver extends SqliteDriver {
  readonly #sqlite: SQLite.Database;
  #connection: TellingConnection | undefined;

  constructor(config: SqliteDialectConfig, sqlite: SQLite.Database) {
    super(config);
    this.#sqlite = sqlite;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection();
    return (this.#connection ??= new TellingConnection(connection));
  }

  /* SQLite has one isolation level. Asking for it by name is how durably() asks for the stronger sync. */
  override async beginTransaction(
    connection: DatabaseConnection,
    settings?: { isolationLevel?: string },
  ): Promise<void> {
    if (settings?.isolationLevel !== undefined) setSyncLevel(this.#sqlite, 'FULL');
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await super.commitTransaction(connection);
    setSyncLevel(this.#sqlite, 'NORMAL');
  }

  /* On a full or failing disk SQLite rolls back by itself. Rolling back again would fail, and that would hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#sqlite.inTransaction) await super.rollbackTransaction(connection);
    setSyncLevel(this.#sqlite, 'NORMAL');
  }
}

/** The connection, which tells of trouble with the storage as such: the one place where SQLite's errors come out. */
class TellingConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    try {
      return await this.#connection.executeQuery<Row>(query);
    } catch (error) {
      throw translate(error);
    }
  }

  async *streamQuery<Row>(query: CompiledQuery, chunkSize?: number): AsyncIterableIterator<QueryResult<Row>> {
    try {
      yield* this.#connection.streamQuery<Row>(query, chunkSize);
    } catch (error) {
      throw translate(error);
    }
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
