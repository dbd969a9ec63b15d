import type { Instant } from '../storage/schema.js';
import type { Crc32 } from '../values/crc32.js';
import type { Guid } from '../values/guid.js';
import type { VersionNumber } from '../values/version-number.js';
import type { Access } from './access.js';

/** A version of a document. It never changes. */
export interface Version {
  readonly documentId: number;
  readonly number: VersionNumber;
  /** The name of its bytes in the content store. */
  readonly contentId: Guid;
  /** Bytes. */
  readonly size: number;
  readonly crc32: Crc32;
  readonly modifiedAt: Instant;
}

/** A document as one user sees it. */
export interface Document {
  readonly id: number;
  readonly name: string;
  readonly folderId: number;
  readonly libraryId: number;
  /** Its library is offline: what is known about it can be read, its content cannot. */
  readonly isOffline: boolean;
  /** What the user may do in its library; never `none`, for then there would be no document to see. */
  readonly access: Exclude<Access, 'none'>;
  /** Who has it checked out. */
  readonly lock: { readonly userId: number; readonly userName: string } | undefined;
  readonly latest: Version;
}
