import type { Transaction } from 'kysely';
import type { ContentStore, ContentWriter } from '../storage/content-store.js';
import type { Schema } from '../storage/schema.js';
import type { UnclaimedContents } from '../storage/unclaimed-contents.js';
import { type Guid, newGuid } from '../values/guid.js';
import type { CountedContent } from './staged-bytes.js';

/**
 * Content that is uploaded in one call, without a handler. It belongs to nothing until a transaction claims it; released
 * unclaimed, it is removed.
 */
export class DirectUpload {
  readonly id: Guid;
  readonly #contents: ContentStore;
  readonly #unclaimed: UnclaimedContents;
  readonly #writer: ContentWriter;
  readonly #counted: CountedContent;
  #isClaimed = false;

  private constructor(
    id: Guid,
    contents: ContentStore,
    unclaimed: UnclaimedContents,
    writer: ContentWriter,
    counted: CountedContent,
  ) {
    this.id = id;
    this.#contents = contents;
    this.#unclaimed = unclaimed;
    this.#writer = writer;
    this.#counted = counted;
  }

  /** @param counted - Counts its bytes until it is released. @throws StorageFailure */
  static async open(
    contents: ContentStore,
    unclaimed: UnclaimedContents,
    counted: CountedContent,
  ): Promise<DirectUpload> {
    const id = newGuid();
    await unclaimed.announce(id);
    try {
      await contents.create(id);
      return new DirectUpload(id, contents, unclaimed, await contents.openWriter(id, 0), counted);
    } catch (error) {
      await unclaimed.remove([id]);
      throw error;
    }
  }

  /** @throws Failure when the user would have more than they may stage, StorageFailure */
  write(bytes: Buffer): void | Promise<void> {
    const room = this.#counted.add(bytes.length);
    return room ? room.then(() => this.#writer.write(bytes)) : this.#writer.write(bytes);
  }

  /** Makes what was written survive a loss of power. To be awaited before it is claimed. @throws StorageFailure */
  async sync(): Promise<void> {
    await this.#contents.sync(this.id);
  }

  /** To be called in the transaction that records what the content now is. */
  async claim(trx: Transaction<Schema>): Promise<void> {
    await this.#unclaimed.claim(trx, this.id);
  }

  /** To be called when that transaction has been committed. */
  claimed(): void {
    this.#isClaimed = true;
  }

  /** Does not reject: what was claimed has been synced, and what was not is removed. Neither can be lost by closing it. */
  async release(): Promise<void> {
    this.#counted.end();
    try {
      this.#writer.close();
    } catch {
      /* See above. */
    }
    if (!this.#isClaimed) await this.#unclaimed.remove([this.id]);
  }
}
