import { Readable } from 'node:stream';
import yazl from 'yazl';
import type { ContentReader, ContentStore, ContentWriter } from '../storage/content-store.js';
import type { UnclaimedContents } from '../storage/unclaimed-contents.js';
import { type Guid, newGuid } from '../values/guid.js';
import type { OpenedContent } from './download-handlers.js';

/** Something to put into a zip. The path is within the zip, `/` between its parts, none in front. */
export type ZipEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | {
      readonly kind: 'document';
      readonly path: string;
      readonly content: OpenedContent;
      /** ms since 1970 UTC. */
      readonly modifiedAt: number;
    };

/** Bytes read at a time. */
const PIECE = 256 * 1024;

/** Staging of zips: written piece by piece into a content of their own, whatever their size. */
export class ZipWriter {
  readonly #contents: ContentStore;
  readonly #unclaimed: UnclaimedContents;

  constructor(contents: ContentStore, unclaimed: UnclaimedContents) {
    this.#contents = contents;
    this.#unclaimed = unclaimed;
  }

  /**
   * Writes a zip. The content stays unclaimed: the caller records it, or gives it to {@link discard}.
   * @throws StorageFailure, ContentMissing, and what `entries` throws; nothing is left then.
   */
  async write(entries: AsyncIterable<ZipEntry>): Promise<OpenedContent> {
    const contentId = newGuid();
    await this.#unclaimed.announce(contentId);
    try {
      await this.#contents.create(contentId);
      const writer = await this.#contents.openWriter(contentId, 0);
      try {
        return { contentId, size: await this.#fill(writer, entries) };
      } finally {
        writer.close();
      }
    } catch (error) {
      await this.discard(contentId);
      throw error;
    }
  }

  /** Removes a zip that is not to be used. */
  async discard(contentId: Guid): Promise<void> {
    await this.#unclaimed.remove([contentId]);
  }

  /** Returns the length of the zip in bytes. */
  async #fill(writer: ContentWriter, entries: AsyncIterable<ZipEntry>): Promise<number> {
    const zip = new yazl.ZipFile();
    const failed = new Promise<never>((_, reject) => zip.on('error', reject));
    failed.catch(() => undefined);
    const drained = drain(zip.outputStream as Readable, writer);
    drained.catch(() => undefined);
    for await (const entry of entries) this.#add(zip, entry);
    zip.end();
    return Promise.race([drained, failed]);
  }

  #add(zip: yazl.ZipFile, entry: ZipEntry): void {
    if (entry.kind === 'folder') {
      zip.addEmptyDirectory(entry.path);
      return;
    }
    const options = { mtime: new Date(entry.modifiedAt), size: entry.content.size };
    zip.addReadStreamLazy(entry.path, options, (opened) => {
      this.#contents.openReader(entry.content.contentId).then(
        (reader) => opened(null, readerStream(reader)),
        (error: unknown) => opened(error, Readable.from([])),
      );
    });
  }
}

async function drain(source: Readable, writer: ContentWriter): Promise<number> {
  let size = 0;
  for await (const piece of source) {
    const bytes = piece as Buffer;
    await writer.write(bytes);
    size += bytes.length;
  }
  return size;
}

async function* pieces(reader: ContentReader): AsyncGenerator<Buffer> {
  try {
    for (let position = 0; ;) {
      const buffer = Buffer.allocUnsafe(PIECE);
      const count = await reader.read(buffer, position);
      if (count === 0) return;
      position += count;
      yield buffer.subarray(0, count);
    }
  } finally {
    reader.close();
  }
}

function readerStream(reader: ContentReader): Readable {
  return Readable.from(pieces(reader), { objectMode: false });
}
