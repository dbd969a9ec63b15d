import { Failure, StorageFailure } from '../values/failure.js';
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

/** Finds what is to go into a zip: documents, and folders with all below them. */
export class ZipSelection {
  readonly #documents: Documents;
  readonly #folders: Folders;

  constructor(documents: Documents, folders: Folders) {
    this.#documents = documents;
    this.#folders = folders;
  }

  /**
   * Looks up every path. Two things of one name get different ones: in a zip they lie side by side. @throws StorageFailure: what
   * could not be looked up must not be left out as if it were not there.
   */
  async select(
    caller: Caller,
    paths: readonly string[],
  ): Promise<{ found: readonly Selected[]; leftOut: readonly LeftOut[] }> {
    const found: Selected[] = [];
    const leftOut: LeftOut[] = [];
    const names = new Set<string>();
    for (const path of paths.map((text) => text.trim()).filter((text) => text !== '')) {
      try {
        const selected = await this.#find(caller, path);
        found.push({ ...selected, name: unusedName(names, selected.name) });
      } catch (error) {
        if (!(error instanceof Failure) || error instanceof StorageFailure) throw error;
        leftOut.push({ path, reason: error.message });
      }
    }
    return { found, leftOut };
  }

  /** All that was selected, with what is below the folders. */
  async *entries(selection: readonly Selected[]): AsyncGenerator<FolderEntry> {
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

/** The name, or the first of `name (2).ext`, `name (3).ext` … that is not taken yet. Takes it. */
function unusedName(taken: Set<string>, name: string): string {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  let candidate = name;
  for (let n = 2; taken.has(nameKey(candidate)); n++) candidate = `${stem} (${n})${extension}`;
  taken.add(nameKey(candidate));
  return candidate;
}
