import { StorageFailure } from '../values/failure.js';
import type { Guid } from '../values/guid.js';

/**
 * Where content lies. A content is a run of bytes with a GUID for a name; it grows at its end while it is staged and
 * is never changed once it is complete. Which contents there are, how long they are and what they are for is the
 * database's to say; the store keeps bytes.
 */
export interface ContentStore {
  /** Makes an empty content. Its name must be recorded before, as unclaimed. @throws StorageFailure */
  create(id: Guid): Promise<void>;
  /** Opens a content for writing from `offset` on. @throws ContentMissing when it is not there; StorageFailure when nothing is. */
  openWriter(id: Guid, offset: number): Promise<ContentWriter>;
  /** Opens a content for reading. @throws ContentMissing when it is not there; StorageFailure when nothing is. */
  openReader(id: Guid): Promise<ContentReader>;
  /** Removes a content, and its bytes: whoever reads it still finds its end. One that is not there is removed already. Never for a version. @throws StorageFailure */
  remove(id: Guid): Promise<void>;
  /** Length in bytes of what is there, or undefined when nothing is. @throws StorageFailure */
  size(id: Guid): Promise<number | undefined>;
  /**
   * Makes the bytes of a content and its name survive a loss of power. @throws ContentMissing when it is not there,
   * ContentDoubtful when its bytes may be lost, another StorageFailure when it may be tried again.
   */
  sync(id: Guid): Promise<void>;
  /** Takes what no record names out of the store, to where a person may look at it. */
  setAside(names: readonly StoredName[]): Promise<void>;
  /** Every name in the store, in no order: contents, and what else was put there. */
  list(): AsyncIterable<StoredName>;
}

/** Something in the store: a content, or a file that is none of ours. */
export type StoredName = { readonly id: Guid } | { readonly stranger: string };

export interface ContentWriter {
  /**
   * Writes `bytes` behind those written before. They may be used again when this returns. What was written survives a
   * crash of the process when this has returned. @throws StorageFailure
   */
  write(bytes: Buffer): void | Promise<void>;
  /**
   * Ends the content with what was written: what lies behind it, from a longer attempt before, is cut off. To be followed by a sync.
   * @throws StorageFailure
   */
  cut(): void;
  /**
   * Brings what was written so far to the disk, so that a later sync finds little left to do. The writer may be used, and closed, meanwhile.
   * @throws StorageFailure: then the content is not to be trusted (see {@link ContentDoubtful}).
   */
  writeBack(): Promise<void>;
  /** @throws StorageFailure: then what was written and not synced is not to be trusted. */
  close(): void;
}

export interface ContentReader {
  /** Reads into `buffer` from `position` on; returns how many bytes: fewer than asked only at the end. @throws StorageFailure */
  read(buffer: Buffer, position: number): Promise<number>;
  close(): void;
}

export class ContentMissing extends Error {
  override readonly name = 'ContentMissing';
}

/**
 * Bytes that were written may not have reached the disk, and never will: the system reports such an error once and takes them
 * for written from then on. A later sync would succeed. The content is not to be trusted any more.
 */
export class ContentDoubtful extends StorageFailure {
  constructor(options: ErrorOptions) {
    super('The content could not be brought to the disk.', options);
  }
}
