import { Failure, StorageFailure } from '../values/failure.js';
import { LongWork } from '../values/long-work.js';
import { nameKey } from '../values/name-key.js';
import type { Caller } from './caller.js';
import type { Document } from './document.js';
import type { Documents } from './documents.js';
import { documentNotFound } from './failures.js';
import type { Folder } from './folder.js';
import type { FolderEntry, Folders } from './folders.js';
import { requireContent } from './requirements.js';

/** What a path names that is to go into a zip, and the name it has in there. */
export type Selected =
  | { readonly kind: 'document'; readonly name: string; readonly document: Document }
  | { readonly kind: 'folder'; readonly name: string; readonly folder: Folder };

/** A path that names nothing the caller can read, and why. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

/** The most paths that are looked up for one zip. */
const MAX_PATHS = 10_000;

/** The most documents and folders in one zip: what a zip has room for that every program can read (APPNOTE.TXT, 4.4.21). */
const MAX_ENTRIES = 65_535;

/** The longest path in a zip: its length has 16 bits (APPNOTE.TXT, 4.4.10), and that of a folder has a slash behind it. */
const MAX_PATH_BYTES = 65_534;

/** The most that the paths in one zip may have together, bytes: whoever writes it keeps them all until its end, where they stand once more. */
const MAX_ALL_PATH_BYTES = 16 * 1024 * 1024;

/** Finds what is to go into a zip: documents, and folders with all below them. */
export class ZipSelection {
  readonly #documents: Documents;
  readonly #folders: Folders;

  constructor(documents: Documents, folders: Folders) {
    this.#documents = documents;
    this.#folders = folders;
  }

  /**
   * Looks up every path. What several of them name is taken once. Two things of one name get different ones: in a zip they lie side by
   * side. @throws Failure for more paths than are looked up, and the reason of `gone`, when that is aborted; StorageFailure: what could not be looked up
   * must not be left out as if it were not there.
   */
  async select(
    caller: Caller,
    paths: readonly string[],
    gone?: AbortSignal,
  ): Promise<{ found: readonly Selected[]; leftOut: readonly LeftOut[] }> {
    const given = paths.map((text) => text.trim()).filter((text) => text !== '');
    if (given.length > MAX_PATHS) {
      throw new Failure(
        `${given.length} paths were given, and ${MAX_PATHS} is the most for one zip. Give their folder, or fewer.`,
      );
    }
    const found = new Map<string, Selected>();
    const leftOut: LeftOut[] = [];
    const names = new ZipNames();
    const work = new LongWork(gone);
    for (const path of given) {
      await work.step();
      try {
        const selected = await this.#find(caller, path);
        const key = keyOf(selected);
        if (!found.has(key)) found.set(key, { ...selected, name: names.take(selected.name) });
      } catch (error) {
        if (!(error instanceof Failure) || error instanceof StorageFailure) throw error;
        leftOut.push({ path, reason: error.message });
      }
    }
    return { found: [...found.values()], leftOut };
  }

  /** All that was selected, with what is below the folders. @throws Failure when that is too much, and the reason of `gone`. */
  async *entries(selection: readonly Selected[], gone?: AbortSignal): AsyncGenerator<FolderEntry> {
    const work = new LongWork(gone);
    const room = new ZipRoom();
    for await (const entry of this.#allEntries(selection)) {
      room.take(entry.path);
      yield entry;
      await work.step();
    }
  }

  async *#allEntries(selection: readonly Selected[]): AsyncGenerator<FolderEntry> {
    for (const selected of selection) {
      if (selected.kind === 'document') {
        yield { kind: 'document', path: selected.name, version: selected.document.latest };
        continue;
      }
      yield { kind: 'folder', path: selected.name };
      for await (const entry of this.#folders.walk(selected.folder)) {
        yield { ...entry, path: `${selected.name}/${entry.path}` };
      }
    }
  }

  async #find(caller: Caller, path: string): Promise<Selected> {
    const document = await this.#documents.find(caller, path);
    if (document) {
      requireContent(document);
      return { kind: 'document', name: document.name, document };
    }
    const folder = await this.#folders.find(caller, path);
    if (!folder) throw documentNotFound();
    requireContent(folder);
    return { kind: 'folder', name: folder.name, folder };
  }
}

/** What a path named, as it is the same for all paths that name it. */
function keyOf(selected: Selected): string {
  return selected.kind === 'document' ? `document ${selected.document.id}` : `folder ${selected.folder.id}`;
}

/** What one zip has room for. */
class ZipRoom {
  #entries = 0;
  #pathBytes = 0;

  /** Takes the room for a document or folder with this path. @throws Failure when there is none. */
  take(path: string): void {
    if (++this.#entries > MAX_ENTRIES) {
      throw new Failure(`These are more than ${MAX_ENTRIES} documents and folders, the most for one zip. Give fewer.`);
    }
    const bytes = Buffer.byteLength(path);
    if (bytes > MAX_PATH_BYTES) {
      throw new Failure(`The path to "${nameIn(path)}" is too long for a zip. Give a folder that is nearer to it.`, {
        summary: 'The path to something is too long for a zip.',
      });
    }
    this.#pathBytes += bytes;
    if (this.#pathBytes > MAX_ALL_PATH_BYTES) {
      throw new Failure(
        `The paths of these documents and folders have more than ${MAX_ALL_PATH_BYTES} bytes together, the most for one zip. Give fewer.`,
      );
    }
  }
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The names at the top of a zip. */
class ZipNames {
  readonly #taken = new Set<string>();
  /** The number to try next for a name that is taken: trying from the start each time would be the square of the work. */
  readonly #next = new Map<string, number>();

  /** The name, or the first of `name (2).ext`, `name (3).ext` … that is not taken yet. Takes it. */
  take(name: string): string {
    const key = nameKey(name);
    const dot = name.lastIndexOf('.');
    const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
    let n = this.#next.get(key) ?? 2;
    let candidate = name;
    for (; this.#taken.has(nameKey(candidate)); n++) candidate = `${stem} (${n})${extension}`;
    this.#next.set(key, n);
    this.#taken.add(nameKey(candidate));
    return candidate;
  }
}
