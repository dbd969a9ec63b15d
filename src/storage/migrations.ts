import {
  DEFAULT_MIGRATION_TABLE,
  type Kysely,
  type Migration,
  type MigrationInfo,
  type MigrationProvider,
  Migrator,
  sql,
} from 'kysely';
import type { Schema } from './schema.js';

/* A migration that has been released is never changed. */

/** What the table of the audit refuses. To insert in the place of a row would delete it, and tell no trigger for deletions. */
const AUDIT_REFUSALS = [
  ['update', ''],
  ['delete', ''],
  ['insert', 'when exists (select 1 from audit where id = new.id)'],
] as const;

const initial: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('server_state')
      .addColumn('id', 'integer', (c) => c.primaryKey().check(sql`id = 1`))
      .addColumn('epoch', 'integer', (c) => c.notNull())
      .addColumn('stopped_cleanly', 'integer', (c) => c.notNull())
      .addColumn('boot', 'text')
      .execute();
    await sql`insert into server_state (id, epoch, stopped_cleanly) values (1, 1, 1)`.execute(db);
    await db.schema
      .createTable('users')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('name_key', 'text', (c) => c.notNull().unique())
      .addColumn('first_name', 'text', (c) => c.notNull())
      .addColumn('last_name', 'text', (c) => c.notNull())
      .addColumn('email', 'text', (c) => c.notNull())
      .addColumn('password_hash', 'text', (c) => c.notNull())
      .addColumn('is_administrator', 'integer', (c) => c.notNull())
      .addColumn('is_disabled', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('sessions')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('ticket_hash', 'text', (c) => c.notNull().unique())
      .addColumn('user_id', 'integer', (c) => c.notNull().references('users.id'))
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('used_at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('sessions_user').on('sessions').column('user_id').execute();
    await db.schema.createIndex('sessions_used_at').on('sessions').column('used_at').execute();
    await db.schema
      .createTable('failed_log_ins')
      .addColumn('subject', 'text', (c) => c.primaryKey())
      .addColumn('failures', 'integer', (c) => c.notNull())
      .addColumn('failed_at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('folders')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('library_id', 'integer', (c) => c.references('folders.id'))
      .addColumn('parent_id', 'integer', (c) => c.references('folders.id'))
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('name_key', 'text', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .execute();
    await sql`create unique index folders_name on folders (coalesce(parent_id, 0), name_key)`.execute(db);
    await db.schema
      .createTable('libraries')
      .addColumn('folder_id', 'integer', (c) => c.primaryKey().references('folders.id'))
      .addColumn('is_offline', 'integer', (c) => c.notNull())
      .addColumn('everyone', 'text', (c) => c.notNull().check(sql`everyone in ('none', 'read', 'write')`))
      .execute();
    await db.schema
      .createTable('library_rights')
      .addColumn('library_id', 'integer', (c) => c.notNull().references('libraries.folder_id'))
      .addColumn('user_id', 'integer', (c) => c.notNull().references('users.id'))
      .addColumn('access', 'text', (c) => c.notNull().check(sql`access in ('read', 'write')`))
      .addPrimaryKeyConstraint('library_rights_key', ['library_id', 'user_id'])
      .execute();
    await db.schema
      .createTable('documents')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('library_id', 'integer', (c) => c.notNull().references('libraries.folder_id'))
      .addColumn('folder_id', 'integer', (c) => c.notNull().references('folders.id'))
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('name_key', 'text', (c) => c.notNull())
      .addColumn('description', 'text', (c) => c.notNull())
      .addColumn('keywords', 'text', (c) => c.notNull())
      .addColumn('locked_by', 'integer', (c) => c.references('users.id'))
      .addColumn('locked_at', 'integer')
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addUniqueConstraint('documents_name', ['folder_id', 'name_key'])
      .execute();
    await db.schema
      .createTable('versions')
      .addColumn('document_id', 'integer', (c) => c.notNull().references('documents.id'))
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('content_id', 'text', (c) => c.notNull().unique())
      .addColumn('size', 'integer', (c) => c.notNull())
      .addColumn('crc32', 'integer', (c) => c.notNull())
      .addColumn('author_id', 'integer', (c) => c.notNull().references('users.id'))
      .addColumn('comment', 'text', (c) => c.notNull())
      .addColumn('text_only_content', 'text', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('modified_at', 'integer', (c) => c.notNull())
      .addColumn('published_at', 'integer')
      .addPrimaryKeyConstraint('versions_key', ['document_id', 'number'])
      .execute();
    await db.schema
      .createTable('upload_handlers')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('session_id', 'integer', (c) => c.notNull().references('sessions.id'))
      .addColumn('user_id', 'integer', (c) => c.notNull().references('users.id'))
      .addColumn('chunk_size', 'integer', (c) => c.notNull())
      .addColumn('length', 'integer', (c) => c.notNull())
      .addColumn('crc32', 'integer', (c) => c.notNull())
      .addColumn('is_complete', 'integer', (c) => c.notNull())
      .addColumn('last_chunk_length', 'integer')
      .addColumn('last_chunk_crc32', 'integer')
      .addColumn('suspect_claimed', 'integer')
      .addColumn('suspect_computed', 'integer')
      .addColumn('writer', 'text')
      .addColumn('epoch', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('used_at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('upload_handlers_session').on('upload_handlers').column('session_id').execute();
    /* Without the length: an index that has it would be written for every chunk. */
    await db.schema.createIndex('upload_handlers_user').on('upload_handlers').column('user_id').execute();
    await db.schema.createIndex('upload_handlers_used_at').on('upload_handlers').column('used_at').execute();
    await db.schema
      .createTable('download_handlers')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('session_id', 'integer', (c) => c.notNull().references('sessions.id'))
      .addColumn('user_id', 'integer', (c) => c.notNull().references('users.id'))
      .addColumn('content_id', 'text', (c) => c.notNull())
      .addColumn('owns_content', 'integer', (c) => c.notNull())
      .addColumn('size', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('used_at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('download_handlers_session').on('download_handlers').column('session_id').execute();
    await db.schema.createIndex('download_handlers_user').on('download_handlers').column('user_id').execute();
    await db.schema.createIndex('download_handlers_used_at').on('download_handlers').column('used_at').execute();
    await db.schema
      .createTable('unclaimed_contents')
      .addColumn('content_id', 'text', (c) => c.primaryKey())
      .addColumn('since', 'integer', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('audit')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('at', 'integer', (c) => c.notNull())
      .addColumn('user_name', 'text')
      .addColumn('user_key', 'text')
      .addColumn('address', 'text', (c) => c.notNull())
      .addColumn('action', 'text', (c) => c.notNull())
      .addColumn('session_id', 'integer')
      .addColumn('document_id', 'integer')
      .addColumn('version', 'integer')
      .addColumn('folder_id', 'integer')
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('outcome', 'text', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('audit_user').on('audit').column('user_key').execute();
    await db.schema.createIndex('audit_document').on('audit').column('document_id').execute();
    for (const [event, condition] of AUDIT_REFUSALS) {
      await sql`create trigger ${sql.raw(`audit_no_${event}`)} before ${sql.raw(event)} on audit ${sql.raw(condition)}
        begin select raise(abort, 'An entry of the audit is never changed or deleted.'); end`.execute(db);
    }
  },
};

/**
 * The texts of versions in a table of their own: SQLite walks through a long text to what stands behind it in its row, and a history
 * walked through those of all versions.
 */
const versionTexts: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('version_texts')
      .addColumn('document_id', 'integer', (c) => c.notNull())
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('text', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('version_texts_key', ['document_id', 'number'])
      .addForeignKeyConstraint('version_texts_version', ['document_id', 'number'], 'versions', [
        'document_id',
        'number',
      ])
      .execute();
    await sql`insert into version_texts (document_id, number, text)
      select document_id, number, text_only_content from versions where text_only_content <> ''`.execute(db);
    await db.schema.alterTable('versions').dropColumn('text_only_content').execute();
  },
};

/** For what costs hashes have: see costsInUse in accounts/users.ts. */
const passwordHashes: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createIndex('users_password_hash').on('users').column('password_hash').execute();
  },
};

/** Whose they are: what a worker that died was writing, or removing, is removed while the others go on. Of those there are it is not known. */
const unclaimedOfWorkers: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('unclaimed_contents').addColumn('worker', 'text').execute();
  },
};

/** Which worker writes to an upload is told by links instead: see ClaimLinks. */
const writersElsewhere: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('upload_handlers').dropColumn('writer').execute();
  },
};

/** All steps by their names, which are the order they are taken in. */
export const MIGRATIONS = {
  '0001_initial': initial,
  '0002_version_texts': versionTexts,
  '0003_password_hashes': passwordHashes,
  '0004_unclaimed_of_workers': unclaimedOfWorkers,
  '0005_writers_elsewhere': writersElsewhere,
};

const provider: MigrationProvider = {
  getMigrations: () => Promise.resolve(MIGRATIONS),
};

/**
 * Brings the database to the newest schema, in one transaction: a process that is killed, or a disk that is full, leaves it as it was.
 * Looks first, so that a database in use is not held up for nothing. @throws when a newer release has been at it, and when
 * a step fails.
 */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  if (await isMigrated(db)) return;
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error('The database could not be migrated.');
}

/** Whether the database has the newest schema. @throws when a newer release has been at it. */
export async function isMigrated(db: Kysely<Schema>): Promise<boolean> {
  const known = await new Migrator({ db, provider }).getMigrations();
  if (known.some(isExecuted)) await requireKnown(db, known);
  return known.every(isExecuted);
}

function isExecuted({ executedAt }: MigrationInfo): boolean {
  return executedAt !== undefined;
}

/** @throws when the database has seen other steps than these: whoever wrote to a schema they do not know could spoil what they do not see. */
async function requireKnown(db: Kysely<Schema>, known: readonly MigrationInfo[]): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(db);
  if (rows.every(({ name }) => known.some((migration) => migration.name === name))) return;
  throw new Error('A newer release has been at the database, and this one does not know what it has made of it.');
}
