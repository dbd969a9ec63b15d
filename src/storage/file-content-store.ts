import fs from 'node:fs';
import path from 'node:path';
import { codeOf } from '../values/error-code.js';
import { type Guid, isCanonicalGuid } from '../values/guid.js';
import { StorageFailure } from '../values/failure.js';
import {
  ContentDoubtful,
  ContentMissing,
  type ContentReader,
  type ContentStore,
  type ContentWriter,
  type StoredName,
} from './content-store.js';
import { type FileOperations, systemFiles } from './file-operations.js';
import { FreeSpace } from './free-space.js';
import { OpenFile } from './open-file.js';
import { syncDirectory } from './sync-directory.js';

export interface FileContentStoreOptions {
  /** @default the system's */
  readonly files?: FileOperations;
  /** Asked before anything is written. @default all there is may be used */
  readonly space?: FreeSpace;
}

/**
 * Contents as files: `<root>/ab/ab12….` for each, in 256 directories named after the first two digits, which are made
 * when the store is first opened. There is nothing else in there; a file is only ever made, appended to (or written
 * over, or cut off, behind its recorded end), emptied and unlinked, linked into a backup, or moved aside. Beside it, in `<root>.aside`, is what was found in there and is nobody's.
 */
export class FileContentStore implements ContentStore {
  readonly #root: string;
  readonly #files: FileOperations;
  readonly #space: FreeSpace;

  private constructor(root: string, { files = systemFiles, space = FreeSpace.unlimited }: FileContentStoreOptions) {
    this.#root = root;
    this.#files = files;
    this.#space = space;
  }

  /**
   * Opens the store at `root`, in a directory that is there, and makes what is missing of it. Its directories survive a loss of
   * power then, whoever made them: that they are there does not say that who made them lived to sync them.
   */
  static async open(root: string, options: FileContentStoreOptions = {}): Promise<FileContentStore> {
    const store = new FileContentStore(root, options);
    const files = store.#files;
    makeMissing(files, path.dirname(root), [path.basename(root)]);
    makeMissing(files, root, SHARDS);
    await syncDirectory(files, root);
    await syncDirectory(files, path.dirname(root));
    return store;
  }

  async create(id: Guid): Promise<void> {
    await this.#space.require();
    try {
      this.#files.close(this.#files.open(this.#path(id), 'wx', 0o600));
    } catch (error) {
      throw new StorageFailure('The content could not be made.', { cause: error });
    }
  }

  async openWriter(id: Guid, offset: number): Promise<ContentWriter> {
    await this.#space.require();
    const file = await this.#open(id, fs.constants.O_WRONLY, 'The content could not be opened for writing.');
    return new FileWriter(this.#space, file, offset);
  }

  async openReader(id: Guid): Promise<ContentReader> {
    return new FileReader(await this.#open(id, 'r', 'The content could not be opened.'));
  }

  async remove(id: Guid): Promise<void> {
    await this.#empty(id);
    try {
      await this.#files.unlink(this.#path(id));
    } catch (error) {
      if (!isNotFound(error) || !(await this.#isMissing(id))) {
        throw new StorageFailure('The content could not be removed.', { cause: error });
      }
    }
  }

  /**
   * A file that has lost its name keeps its bytes for as long as somebody has it open, and a caller who takes nothing of an answer would hold what is
   * counted no more.
   */
  async #empty(id: Guid): Promise<void> {
    try {
      await this.#files.empty(this.#path(id));
    } catch {
      /* The name is to go all the same, and with it what nobody has open. */
    }
  }

  async size(id: Guid): Promise<number | undefined> {
    try {
      return await this.#files.size(this.#path(id));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw new StorageFailure('The content could not be looked at.', { cause: error });
    }
  }

  async sync(id: Guid): Promise<void> {
    const file = await this.#open(id, 'r+', 'The content could not be opened for writing.');
    try {
      try {
        await file.sync();
      } finally {
        file.close();
      }
    } catch (error) {
      throw new ContentDoubtful({ cause: error });
    }
    try {
      await syncDirectory(this.#files, path.dirname(this.#path(id)));
    } catch (error) {
      throw new StorageFailure('The content could not be brought to the disk.', { cause: error });
    }
  }

  async setAside(names: readonly StoredName[]): Promise<void> {
    if (names.length === 0) return;
    const aside = `${this.#root}.aside`;
    makeMissing(this.#files, path.dirname(aside), [path.basename(aside)]);
    const there = new Set(this.#files.names(aside));
    for (const name of names) {
      const from = 'id' in name ? this.#path(name.id) : path.join(this.#root, name.stranger);
      const to = freeName(path.basename(from), there);
      this.#files.rename(from, path.join(aside, to));
      there.add(to);
    }
    await syncDirectory(this.#files, aside);
    await syncDirectory(this.#files, path.dirname(aside));
  }

  /**
   * Puts a content that is complete into another store as well: as another name of the same file where the file system can do that,
   * else as a copy. Its bytes survive a loss of power after this, its name after {@link syncNames}.
   * @throws ContentMissing, StorageFailure
   */
  async share(id: Guid, other: FileContentStore): Promise<'linked' | 'copied'> {
    const [from, to] = [this.#path(id), other.#path(id)];
    try {
      await fs.promises.link(from, to);
      return 'linked';
    } catch (error) {
      if (isNotFound(error)) throw new ContentMissing();
      if (!CANNOT_LINK.includes(codeOf(error) ?? '')) {
        throw new StorageFailure('The content could not be linked.', { cause: error });
      }
    }
    try {
      await fs.promises.copyFile(from, to, fs.constants.COPYFILE_EXCL);
    } catch (error) {
      throw new StorageFailure('The content could not be copied.', { cause: error });
    }
    await other.sync(id);
    return 'copied';
  }

  /** Makes the names of all contents survive a loss of power. */
  async syncNames(): Promise<void> {
    for (const shard of SHARDS) await syncDirectory(this.#files, path.join(this.#root, shard));
  }

  async *list(): AsyncIterable<StoredName> {
    for await (const shard of await this.#files.entries(this.#root)) {
      if (!shard.isDirectory()) {
        yield { stranger: shard.name };
        continue;
      }
      for await (const entry of await this.#files.entries(path.join(this.#root, shard.name))) {
        const isOurs = entry.isFile() && isCanonicalGuid(entry.name) && entry.name.startsWith(shard.name);
        yield isOurs ? { id: entry.name as Guid } : { stranger: path.join(shard.name, entry.name) };
      }
    }
  }

  async #open(id: Guid, flags: string | number, trouble: string): Promise<OpenFile> {
    try {
      return new OpenFile(this.#files, this.#files.open(this.#path(id), flags));
    } catch (error) {
      if (isNotFound(error) && (await this.#isMissing(id))) throw new ContentMissing();
      throw new StorageFailure(trouble, { cause: error });
    }
  }

  /** Whether what was not found is not there: the file system with all contents may be away for a while, or have been. */
  async #isMissing(id: Guid): Promise<boolean> {
    try {
      await this.#files.size(path.dirname(this.#path(id)));
      return (await this.size(id)) === undefined;
    } catch {
      return false;
    }
  }

  #path(id: Guid): string {
    return path.join(this.#root, id.slice(0, 2), id);
  }
}

/** What a system says when a file cannot have another name there: another file system, one without links, or too many of them. */
const CANNOT_LINK = ['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

const SHARDS: readonly string[] = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));

/* Writing is synchronous: into the page cache a megabyte takes a quarter of a millisecond, and a round trip through the thread
 * pool for each piece would cost more than the write. What can take long, the sync, is asynchronous. */
class FileWriter implements ContentWriter {
  readonly #space: FreeSpace;
  readonly #file: OpenFile;
  #position: number;

  constructor(space: FreeSpace, file: OpenFile, offset: number) {
    this.#space = space;
    this.#file = file;
    this.#position = offset;
  }

  write(bytes: Buffer): void | Promise<void> {
    try {
      this.#file.write(bytes, this.#position);
    } catch (error) {
      throw new StorageFailure('The content could not be written.', { cause: error });
    }
    this.#position += bytes.length;
    return this.#space.wrote(bytes.length);
  }

  cut(): void {
    try {
      this.#file.truncate(this.#position);
    } catch (error) {
      throw new StorageFailure('The content could not be cut off.', { cause: error });
    }
  }

  async writeBack(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      throw new ContentDoubtful({ cause: error });
    }
  }

  close(): void {
    this.#file.close();
  }
}

class FileReader implements ContentReader {
  readonly #file: OpenFile;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  /* Synchronous as writing is: nearly always the system has the bytes in memory, and then reading a quarter of a megabyte takes less time
   * than asking the thread pool for it. The promise lets stores that are further away take their time. */
  read(buffer: Buffer, position: number): Promise<number> {
    return attempt(() => {
      try {
        return this.#file.read(buffer, position);
      } catch (error) {
        throw new StorageFailure('The content could not be read.', { cause: error });
      }
    });
  }

  close(): void {
    this.#file.close();
  }
}

/** Makes those directories of these names in `parent` that are not there. */
function makeMissing(files: FileOperations, parent: string, names: readonly string[]): void {
  const there = new Set(files.names(parent));
  for (const name of names.filter((each) => !there.has(each))) {
    try {
      files.mkdir(path.join(parent, name));
    } catch (error) {
      /* Another process may open the store at the same time. */
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

/** The name, or one like it that is not taken. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  return taken.has(name) ? freeName(`${name}~`, taken) : name;
}

function attempt<T>(open: () => T): Promise<T> {
  return new Promise((resolve) => resolve(open()));
}

function isNotFound(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}
