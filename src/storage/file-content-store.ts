import fs from 'node:fs';
import path from 'node:path';
import { type Guid, isCanonicalGuid } from '../values/guid.js';
import { StorageFailure } from '../values/failure.js';
import {
  ContentMissing,
  type ContentReader,
  type ContentStore,
  type ContentWriter,
  type StoredName,
} from './content-store.js';

/**
 * Contents as files: `<root>/ab/ab12….` for each, in 256 directories named after the first two digits, which are made
 * when the store is first opened. There is nothing else in there; a file is only ever made, appended to (or written
 * over behind its recorded end) and unlinked.
 */
export class FileContentStore implements ContentStore {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Opens the store at `root`, and makes it when it is not there: then its directories survive a loss of power. */
  static async open(root: string): Promise<FileContentStore> {
    const store = new FileContentStore(root);
    const shards = Array.from({ length: 256 }, (_, n) => path.join(root, n.toString(16).padStart(2, '0')));
    const lastShard = shards.at(-1) ?? root;
    if (!fs.existsSync(lastShard)) {
      for (const shard of shards) fs.mkdirSync(shard, { recursive: true, mode: 0o700 });
      await syncDirectory(root);
      await syncDirectory(path.dirname(root));
    }
    return store;
  }

  create(id: Guid): Promise<void> {
    return attempt('The content could not be made.', () => fs.closeSync(fs.openSync(this.#path(id), 'wx', 0o600)));
  }

  openWriter(id: Guid, offset: number): Promise<ContentWriter> {
    return attempt('The content could not be opened for writing.', () => {
      return new FileWriter(fs.openSync(this.#path(id), fs.constants.O_WRONLY), offset);
    });
  }

  async openReader(id: Guid): Promise<ContentReader> {
    return await attempt('The content could not be opened.', () => new FileReader(fs.openSync(this.#path(id), 'r')));
  }

  async remove(id: Guid): Promise<void> {
    try {
      await fs.promises.unlink(this.#path(id));
    } catch (error) {
      if (!isNotFound(error)) throw new StorageFailure('The content could not be removed.', { cause: error });
    }
  }

  async size(id: Guid): Promise<number | undefined> {
    try {
      return (await fs.promises.stat(this.#path(id))).size;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw new StorageFailure('The content could not be looked at.', { cause: error });
    }
  }

  async sync(id: Guid): Promise<void> {
    try {
      const file = await fs.promises.open(this.#path(id), 'r+');
      try {
        await file.datasync();
      } finally {
        await file.close();
      }
      await syncDirectory(path.dirname(this.#path(id)));
    } catch (error) {
      if (isNotFound(error)) throw new ContentMissing();
      throw new StorageFailure('The content could not be brought to the disk.', { cause: error });
    }
  }

  async *list(): AsyncIterable<StoredName> {
    for await (const shard of await fs.promises.opendir(this.#root)) {
      if (!shard.isDirectory()) {
        yield { stranger: shard.name };
        continue;
      }
      for await (const entry of await fs.promises.opendir(path.join(this.#root, shard.name))) {
        const isOurs = entry.isFile() && isCanonicalGuid(entry.name) && entry.name.startsWith(shard.name);
        yield isOurs ? { id: entry.name as Guid } : { stranger: path.join(shard.name, entry.name) };
      }
    }
  }

  #path(id: Guid): string {
    return path.join(this.#root, id.slice(0, 2), id);
  }
}

/* Writing is synchronous: into the page cache a megabyte takes a quarter of a millisecond, and a round trip through the thread
 * pool for each piece would cost more than the write. What can take long, the sync, is asynchronous. */
class FileWriter implements ContentWriter {
  readonly #file: number;
  #position: number;
  #isClosed = false;
  #writeBacks = 0;

  constructor(file: number, offset: number) {
    this.#file = file;
    this.#position = offset;
  }

  write(bytes: Buffer): void {
    let done = 0;
    try {
      while (done < bytes.length) {
        done += fs.writeSync(this.#file, bytes, done, bytes.length - done, this.#position + done);
      }
    } catch (error) {
      throw new StorageFailure('The content could not be written.', { cause: error });
    }
    this.#position += done;
  }

  writeBack(failed: () => void): void {
    this.#writeBacks++;
    fs.fdatasync(this.#file, (error) => {
      this.#writeBacks--;
      this.#closeWhenDone();
      if (error) failed();
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#isClosed && this.#writeBacks === 0) fs.closeSync(this.#file);
  }
}

class FileReader implements ContentReader {
  readonly #file: number;
  #isClosed = false;

  constructor(file: number) {
    this.#file = file;
  }

  read(buffer: Buffer, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#file, buffer, 0, buffer.length, position, (error, count) => {
        if (error) reject(new StorageFailure('The content could not be read.', { cause: error }));
        else resolve(count);
      });
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    fs.closeSync(this.#file);
  }
}

function attempt<T>(trouble: string, open: () => T): Promise<T> {
  try {
    return Promise.resolve(open());
  } catch (error) {
    return Promise.reject(isNotFound(error) ? new ContentMissing() : new StorageFailure(trouble, { cause: error }));
  }
}

function isNotFound(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await fs.promises.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
