import type { ColumnType, Generated } from 'kysely';
import type { Crc32 } from '../values/crc32.js';
import type { Guid } from '../values/guid.js';
import type { VersionNumber } from '../values/version-number.js';

/** Milliseconds since 1970-01-01T00:00:00Z: the one form of time in the database. */
export type Instant = number;

/** SQLite has no boolean: 0 or 1. */
export type Flag = 0 | 1;

/** The tables of the database, one row a property. The migrations make them. */
export interface Schema {
  server_state: ServerStateTable;
  users: UsersTable;
  sessions: SessionsTable;
  failed_log_ins: FailedLogInsTable;
  libraries: LibrariesTable;
  library_rights: LibraryRightsTable;
  folders: FoldersTable;
  documents: DocumentsTable;
  versions: VersionsTable;
  version_texts: VersionTextsTable;
  upload_handlers: UploadHandlersTable;
  download_handlers: DownloadHandlersTable;
  unclaimed_contents: UnclaimedContentsTable;
  audit: AuditTable;
}

/** One row. */
export interface ServerStateTable {
  id: 1;
  /** 1, and one more for each start after an unclean stop. What was staged in an earlier epoch is checked before it is used. */
  epoch: number;
  /** 1 when the last server on this directory stopped as it should. */
  stopped_cleanly: Flag;
  /** The run of the operating system that server was started in, see bootId; null when that could not be told. */
  boot: string | null;
}

export interface UsersTable {
  id: Generated<number>;
  name: string;
  /** The name as it compares: see nameKey. Unique. */
  name_key: string;
  first_name: string;
  last_name: string;
  email: string;
  /** scrypt, in the form `scrypt$N$r$p$salt$hash`. */
  password_hash: string;
  is_administrator: Flag;
  is_disabled: Flag;
  created_at: Instant;
}

/** A ticket is the key to a session; only its SHA-256 is kept. */
export interface SessionsTable {
  id: Generated<number>;
  /** SHA-256 of the canonical ticket, hexadecimal. Unique. */
  ticket_hash: string;
  user_id: ColumnType<number, number, never>;
  created_at: Instant;
  /** The time of the last use, moved at most once a minute. */
  used_at: Instant;
}

/** Failures to log in that count against what is tried next: see LogInThrottle. */
export interface FailedLogInsTable {
  /** Who is counted: an account seen from a network, a network, or a site of several. SHA-256, hexadecimal. */
  subject: string;
  /** How many since all was last forgotten. */
  failures: number;
  /** The time of the last. */
  failed_at: Instant;
}

export interface LibrariesTable {
  /** The library's root folder, which has its name: the row in folders without a parent. */
  folder_id: number;
  is_offline: Flag;
  /** What every user may do here without a right of their own. */
  everyone: 'none' | 'read' | 'write';
}

export interface LibraryRightsTable {
  library_id: number;
  user_id: number;
  access: 'read' | 'write';
}

export interface FoldersTable {
  id: Generated<number>;
  /** The root folder of the library this folder is in; null on that folder itself. */
  library_id: number | null;
  parent_id: number | null;
  name: string;
  /** The name as it compares. Unique within the parent. */
  name_key: string;
  created_at: Instant;
}

export interface DocumentsTable {
  id: Generated<number>;
  library_id: number;
  folder_id: number;
  name: string;
  name_key: string;
  description: string;
  keywords: string;
  /** The user who has the document checked out. */
  locked_by: number | null;
  locked_at: Instant | null;
  created_at: Instant;
}

export interface VersionsTable {
  document_id: number;
  number: VersionNumber;
  /** The name of the version's bytes in the content store. */
  content_id: Guid;
  /** Bytes. */
  size: number;
  crc32: Crc32;
  author_id: number;
  comment: string;
  created_at: Instant;
  modified_at: Instant;
  /** Null when the version was not published. */
  published_at: Instant | null;
}

/** Text a caller sent along as a version's plain text. A version without has no row; in {@link VersionsTable} it would stand in the way. */
export interface VersionTextsTable {
  document_id: number;
  number: VersionNumber;
  text: string;
}

export interface UploadHandlersTable {
  /** Also the name of the staged bytes in the content store. */
  id: Guid;
  session_id: number;
  /** Whose session it is. */
  user_id: number;
  /** The negotiated size in bytes. */
  chunk_size: number;
  /** How many bytes are promised to be in the content store and to be right. What lies behind them counts for nothing. */
  length: number;
  /** CRC-32 of those bytes. */
  crc32: Crc32;
  is_complete: Flag;
  /** The last chunk, so that its repeat can be told from another: both null until it has come. */
  last_chunk_length: number | null;
  last_chunk_crc32: Crc32 | null;
  /** The two checksums of the mismatch reported last: the next chunk must have one of them. Both null when there is none. */
  suspect_claimed: Crc32 | null;
  suspect_computed: Crc32 | null;
  /** The epoch of the server in which the bytes were last known to be right. */
  epoch: number;
  created_at: Instant;
  used_at: Instant;
}

export interface DownloadHandlersTable {
  id: Guid;
  session_id: number;
  /** Whose session it is. */
  user_id: number;
  content_id: Guid;
  /** 1 when the content was made for this handler (a zip) and goes with it. */
  owns_content: Flag;
  size: number;
  created_at: Instant;
  used_at: Instant;
}

/**
 * Content that may lie in the store and that nothing refers to: not yet, because it is being written, or not any more, because it
 * is being deleted. A row is here before its file is made and until its file is gone, so that no file is ever
 * without a row in this table, in versions, in upload_handlers or in download_handlers.
 */
export interface UnclaimedContentsTable {
  content_id: Guid;
  since: Instant;
  /** The worker that writes or removes it. Null for a process that is none: the first one, the only one, a command. */
  worker: string | null;
}

/**
 * What was done, by whom: see AuditTrail. Rows are added and never changed or deleted, triggers see to that. The numbers are no references: the
 * entry stays when what it names is gone.
 */
export interface AuditTable {
  id: Generated<number>;
  at: Instant;
  user_name: string | null;
  /** The name as it compares. */
  user_key: string | null;
  address: string;
  action: string;
  session_id: number | null;
  document_id: number | null;
  version: VersionNumber | null;
  folder_id: number | null;
  subject: string;
  /** `ok`, or why not. */
  outcome: string;
}
