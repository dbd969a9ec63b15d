import fs from 'node:fs/promises';
import { combineCrc32, type Crc32, crc32, EMPTY_CRC32, upperHex } from '../../src/values/crc32.js';
import { type Answer, CallFailed } from './answer.js';
import type { Binding } from './service.js';
import type { Session } from './session.js';

/** How often a chunk is sent before the way to the server is given up as broken. */
const ATTEMPTS = 5;

/** A chunked upload: chunks one after the other, then the commit that makes them a document. */
export class Upload {
  /** What the server wants of each chunk but the last, bytes. */
  readonly chunkSize: number;
  readonly #session: Session;
  readonly #handler: string;
  readonly #binding: Binding;
  #length = 0;
  #crc32: Crc32 = EMPTY_CRC32;

  private constructor(session: Session, binding: Binding, handler: string, chunkSize: number) {
    this.#session = session;
    this.#binding = binding;
    this.#handler = handler;
    this.chunkSize = chunkSize;
  }

  /** @param preferredChunkSize - Bytes; 0 leaves the choice to the server. */
  static async begin(session: Session, binding: Binding, preferredChunkSize: number): Promise<Upload> {
    const { attributes } = await session.call(binding, 'CreateUploadHandler', {
      PreferedChunkSize: preferredChunkSize,
    });
    return new Upload(session, binding, attributes['UploadHandler'] ?? '', Number(attributes['ChunkSize']));
  }

  /** Bytes the server has taken. */
  get length(): number {
    return this.#length;
  }

  /**
   * Sends a chunk until it arrives undamaged. The last one also says what the server has: that must be what was sent.
   * @throws CallFailed
   */
  async send(chunk: Buffer, isLast: boolean): Promise<Answer> {
    const checksum = crc32(chunk);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const answer = await this.attempt(chunk, checksum, isLast);
      const { error = '', filehexcrc, success, tryagain } = answer.attributes;
      if (success === 'true') {
        this.#add(chunk.length, checksum, filehexcrc);
        return answer;
      }
      if (tryagain !== 'true') throw new CallFailed('UploadFileChunk', error);
    }
    throw new CallFailed('UploadFileChunk', `A chunk arrived damaged ${ATTEMPTS} times.`);
  }

  /** Sends a chunk once, with what its checksum is said to be; nothing is remembered of it. */
  attempt(chunk: Buffer, claimed: Crc32, isLast: boolean): Promise<Answer> {
    return this.#session.ask(this.#binding, 'UploadFileChunk', {
      uploadHandler: this.#handler,
      fileChunk: chunk,
      chunkHEXCRC: upperHex(claimed),
      lastChunk: isLast,
    });
  }

  /** Makes the upload a document, or a new version of the one that is there. */
  commit(documentPath: string): Promise<Answer> {
    return this.#session.call(this.#binding, 'UploadDocumentWithHandler', {
      path: documentPath,
      uploadHandler: this.#handler,
    });
  }

  /** Gives the upload up. */
  async discard(): Promise<void> {
    await this.#session.call('POST', 'DeleteUploadHandler', { UploadHandler: this.#handler });
  }

  #add(length: number, checksum: Crc32, fileCrc32: string | undefined): void {
    this.#length += length;
    this.#crc32 = combineCrc32(this.#crc32, checksum, length);
    if (fileCrc32 === undefined || fileCrc32 === upperHex(this.#crc32)) return;
    throw new CallFailed('UploadFileChunk', `The server has a file with the CRC32 ${fileCrc32}: not what was sent.`);
  }
}

export interface TransferOptions {
  readonly binding: Binding;
  /** Preferred, bytes; 0 leaves the choice to the server. */
  readonly chunkSize: number;
  /** Told how far it has come, bytes. What it throws ends the transfer. */
  readonly progress: (done: number, total: number) => void;
}

/** Uploads a file; gives the answer of the commit. Nothing stays on the server when it fails. */
export async function uploadFile(
  session: Session,
  file: string,
  documentPath: string,
  options: TransferOptions,
): Promise<Answer> {
  const source = await fs.open(file);
  try {
    const { size } = await source.stat();
    const upload = await Upload.begin(session, options.binding, options.chunkSize);
    try {
      const buffer = Buffer.alloc(upload.chunkSize);
      do {
        const chunk = await readFully(source, buffer);
        await upload.send(chunk, upload.length + chunk.length >= size);
        options.progress(upload.length, size);
      } while (upload.length < size);
      return await upload.commit(documentPath);
    } catch (error) {
      await upload.discard().catch(() => undefined);
      throw error;
    }
  } finally {
    await source.close();
  }
}

/** The next bytes of a file: as many as the buffer holds, fewer at its end. */
async function readFully(source: fs.FileHandle, buffer: Buffer): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await source.read(buffer, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
