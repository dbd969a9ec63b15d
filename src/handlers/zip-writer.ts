import { once } from 'node:events';
import { type PassThrough, Readable } from 'node:stream';
import yazl from 'yazl';
import { ContentRange } from '../storage/content-range.js';
import type { ContentStore, ContentWriter } from '../storage/content-store.js';
import type { UnclaimedContents } from '../storage/unclaimed-contents.js';
import { StorageFailure } from '../values/failure.js';
import { type Guid, newGuid } from '../values/guid.js';
import { LongWork } from '../values/long-work.js';
import type { OpenedContent } from './download-handlers.js';
import type { CountedContent } from './staged-bytes.js';

/** Something to put into a zip. The path is within the zip, `/` between its parts, none in front. */
export type ZipEntry = { readonly kind: 'folder'; readonly path: string } | ZipDocument;

export interface ZipDocument {
  readonly kind: 'document';
  readonly path: string;
  readonly content: OpenedContent;
  /** ms since 1970 UTC. */
  readonly modifiedAt: number;
}

/** For whom a zip is written. */
export interface ZipTaker {
  /** Counts its bytes, and says when they are too many. */
  readonly counted: CountedContent;
  /** Aborted when they have left, with what is thrown then: nobody would read it. */
  readonly gone?: AbortSignal | undefined;
}

/** Bytes read at a time. */
const PIECE = 256 * 1024;

/** The last time the seconds since 1970 of a zip's UT field can tell, ms: they are a signed number of 32 bits (Info-ZIP). */
const LAST_UNIX_TIME = 0x7fff_ffff * 1000;

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
   * @throws StorageFailure, ContentMissing, Failure when it takes more than the taker may have, the reason of `gone`, and what
   * `entries` throws; nothing is left then.
   */
  async write(entries: AsyncIterable<ZipEntry>, taker: ZipTaker): Promise<OpenedContent> {
    const contentId = newGuid();
    await this.#unclaimed.announce(contentId);
    try {
      await this.#contents.create(contentId);
      const writer = await this.#contents.openWriter(contentId, 0);
      try {
        return { contentId, size: await new ZipPass(this.#contents, writer, taker).run(entries) };
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
}

/**
 * The writing of one zip: documents are read and the zip is written at the same time, and the next entry is asked for when all of the one
 * before is in the output. yazl takes any number ahead, keeps what it writes of them until somebody reads it, and writes folders that
 * wait behind each other each within the one before, as deep as the stack goes.
 */
class ZipPass {
  readonly #contents: ContentStore;
  readonly #writer: ContentWriter;
  readonly #taker: ZipTaker;
  readonly #zip = new yazl.ZipFile();
  /** Where yazl writes to, which its type does not say. */
  readonly #output = this.#zip.outputStream as unknown as PassThrough;
  /** What is being read. */
  readonly #sources = new Set<Readable>();
  /** Aborted when nothing is to be read or written any more. */
  readonly #over = new AbortController();

  constructor(contents: ContentStore, writer: ContentWriter, taker: ZipTaker) {
    this.#contents = contents;
    this.#writer = writer;
    this.#taker = taker;
  }

  /** Returns the length of the zip in bytes. When this has settled nothing is read or written any more. */
  async run(entries: AsyncIterable<ZipEntry>): Promise<number> {
    const { gone } = this.#taker;
    gone?.throwIfAborted();
    const failed = new Promise<never>((_, reject) => this.#zip.on('error', reject));
    const leave = (): void => void this.#zip.emit('error', gone?.reason);
    gone?.addEventListener('abort', leave, { once: true });
    const added = this.#addAll(entries);
    const drained = this.#drain();
    try {
      const [size] = await Promise.race([Promise.all([drained, added]), failed]);
      return size;
    } finally {
      gone?.removeEventListener('abort', leave);
      this.#over.abort();
      this.#output.destroy();
      for (const source of this.#sources) source.destroy();
      await Promise.allSettled([drained, added]);
    }
  }

  async #drain(): Promise<number> {
    const work = new LongWork(this.#taker.gone);
    let size = 0;
    for await (const piece of this.#output) {
      const bytes = piece as Buffer;
      await this.#taker.counted.add(bytes.length);
      await this.#writer.write(bytes);
      size += bytes.length;
      await work.step();
    }
    return size;
  }

  async #addAll(entries: AsyncIterable<ZipEntry>): Promise<void> {
    for await (const entry of entries) await this.#add(entry);
    this.#zip.end();
  }

  /** Ends when the entry is in the output, and there is not more in there than there should be. */
  async #add(entry: ZipEntry): Promise<void> {
    const { signal } = this.#over;
    signal.throwIfAborted();
    if (entry.kind === 'folder') this.#zip.addEmptyDirectory(entry.path);
    else await this.#addDocument(entry, signal);
    if (this.#output.writableNeedDrain) await once(this.#output, 'drain', { signal });
  }

  async #addDocument({ content, modifiedAt, path }: ZipDocument, signal: AbortSignal): Promise<void> {
    const options = { ...zipTime(modifiedAt), size: content.size };
    this.#zip.addReadStreamLazy(path, options, (opened) => {
      this.#open(content).then(
        (source) => opened(null, source),
        (error: unknown) => opened(error, Readable.from([])),
      );
    });
    /* yazl pipes each document to the output, and parts them when all of it is there. */
    await once(this.#output, 'unpipe', { signal });
  }

  async #open(content: OpenedContent): Promise<Readable> {
    const source = contentStream(new ContentRange(await this.#contents.openReader(content.contentId), 0, content.size));
    this.#sources.add(source);
    source.once('close', () => this.#sources.delete(source));
    /* yazl listens to no errors of what it reads from. */
    source.on('error', (error) => this.#zip.emit('error', error));
    if (this.#over.signal.aborted) source.destroy();
    return source;
  }
}

/**
 * A time as yazl can put it into a zip, or the nearest there is. The UT field might be negative, but yazl writes it without a sign and fails. Later times
 * than it can tell yazl would put into it as 2038; they are told by the field of DOS alone, in the server's time zone, up to 2107.
 */
function zipTime(modifiedAt: number): Pick<yazl.Options, 'mtime' | 'forceDosTimestamp'> {
  return { mtime: new Date(Math.max(modifiedAt, 0)), forceDosTimestamp: modifiedAt > LAST_UNIX_TIME };
}

/** The bytes of a range as a stream, which closes the range whatever becomes of it. */
function contentStream(range: ContentRange): Readable {
  let position = 0;
  return new Readable({
    highWaterMark: PIECE,
    read() {
      const left = range.length - position;
      if (left === 0) {
        this.push(null);
        return;
      }
      const buffer = Buffer.allocUnsafe(Math.min(PIECE, left));
      range.read(buffer, position).then(
        (count) => {
          position += count;
          if (count > 0) this.push(buffer.subarray(0, count));
          else this.destroy(new StorageFailure('The content is shorter than it was recorded.'));
        },
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, callback) {
      range.close();
      callback(error);
    },
  });
}
