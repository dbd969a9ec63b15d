import fs from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { combineCrc32, crc32, EMPTY_CRC32, paddedHex } from '../../src/values/crc32.js';
import { type Answer, CallFailed } from './answer.js';
import type { Binding } from './service.js';
import type { Session } from './session.js';
import type { TransferOptions } from './upload.js';

/** How often a chunk is asked for before the way to the server is given up as broken. */
const ATTEMPTS = 7;

/** The pause before it is asked for a second time, ms; doubled each time. In all that is long enough for a server to start again. */
const FIRST_PAUSE_MS = 100;

/** A chunk is not what its checksum says. */
class ChunkDamaged extends Error {
  override readonly name = 'ChunkDamaged';
}

/** A chunked download: what it shows stays the same, whatever happens to the document. */
export class Download {
  /** Of the whole file, bytes. */
  readonly size: number;
  /** Of the whole file, as the server writes it. */
  readonly crc32: string;
  /** The answer it was begun with. */
  readonly answer: Answer;
  readonly #session: Session;
  readonly #binding: Binding;
  readonly #handler: string;
  readonly #chunkSize: number;

  private constructor(session: Session, binding: Binding, answer: Answer) {
    const { attributes } = answer;
    this.#session = session;
    this.#binding = binding;
    this.answer = answer;
    this.size = Number(attributes['Size']);
    this.crc32 = attributes['CRC32'] ?? '';
    this.#handler = attributes['downloadhandler'] ?? '';
    this.#chunkSize = Number(attributes['ChunkSize']);
  }

  /** @param preferredChunkSize - Bytes; 0 leaves the choice to the server. */
  static async begin(
    session: Session,
    binding: Binding,
    documentPath: string,
    preferredChunkSize: number,
  ): Promise<Download> {
    const answer = await session.call(binding, 'GetDownloadHandler', {
      Path: documentPath,
      PreferedChunkSize: preferredChunkSize,
    });
    return new Download(session, binding, answer);
  }

  /** The chunks from `offset` on, each as it arrived undamaged. @throws as {@link read}. */
  async *chunks(offset = 0, binding = this.#binding): AsyncGenerator<Buffer> {
    for (let position = offset; position < this.size;) {
      const chunk = await this.#patiently(() => this.read(position, binding));
      position += chunk.length;
      yield chunk;
    }
  }

  /** Asks for the chunk at an offset, once. @throws CallFailed, ChunkDamaged, and what `fetch` throws. */
  async read(offset: number, binding = this.#binding): Promise<Buffer> {
    const { attributes, text } = await this.#session.call(binding, 'DownloadFileChunk', {
      DownloadHandler: this.#handler,
      StartOffset: offset,
      ChunkSize: this.#chunkSize,
    });
    const chunk = Buffer.from(text, 'base64');
    if (chunk.length === 0 || paddedHex(crc32(chunk)) !== attributes['chunkCRC32']) {
      throw new ChunkDamaged(`The chunk at ${offset} arrived damaged.`);
    }
    return chunk;
  }

  /** Tells the server that nothing more will be asked for. */
  async end(): Promise<void> {
    await this.#session.call('POST', 'DeleteDownloadHandler', { DownloadHandler: this.#handler });
  }

  /** Asking twice does no harm, so a chunk that did not come, or came damaged, is asked for again; one that was refused is not. */
  async #patiently(read: () => Promise<Buffer>): Promise<Buffer> {
    for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
      try {
        return await read();
      } catch (error) {
        if (error instanceof CallFailed) throw error;
        await delay(FIRST_PAUSE_MS * 2 ** (attempt - 1));
      }
    }
    return read();
  }
}

/** Downloads a document into a file. The file is there when all of it has arrived, and is right. */
export async function downloadFile(
  session: Session,
  documentPath: string,
  file: string,
  options: TransferOptions,
): Promise<void> {
  const download = await Download.begin(session, options.binding, documentPath, options.chunkSize);
  const part = `${file}.part`;
  const target = await fs.open(part, 'w');
  try {
    let [done, crc] = [0, EMPTY_CRC32];
    for await (const chunk of download.chunks()) {
      await target.writeFile(chunk);
      crc = combineCrc32(crc, crc32(chunk), chunk.length);
      done += chunk.length;
      options.progress(done, download.size);
    }
    if (paddedHex(crc) !== download.crc32) throw new CallFailed('DownloadFileChunk', 'The file arrived damaged.');
    await target.close();
    await fs.rename(part, file);
  } catch (error) {
    await target.close().catch(() => undefined);
    await fs.rm(part, { force: true });
    throw error;
  } finally {
    await download.end().catch(() => undefined);
  }
}
