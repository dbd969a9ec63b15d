import crypto from 'node:crypto';
import { crc32, upperHex } from '../../../src/values/crc32.js';
import type { OperationClient } from '../operation-client.js';
import type { RecordedDisk } from './recorded-disk.js';

/** When something was asked for, and when it was answered: moments of the disk. Undefined: it was not. */
export interface Span {
  readonly begun: number;
  done?: number;
}

/** How far something was at a moment. */
export type Progress = 'to come' | 'under way' | 'done';

export function progressAt(span: Span | undefined, moment: number): Progress {
  if (span === undefined || moment < span.begun) return 'to come';
  return span.done === undefined || moment < span.done ? 'under way' : 'done';
}

export interface ToldChunk extends Span {
  readonly bytes: Buffer;
}

export interface ToldUpload extends Span {
  id: string;
  readonly chunks: ToldChunk[];
  committed?: Span;
  deleted?: Span;
}

export interface ToldDocument extends Span {
  readonly path: string;
  readonly bytes: Buffer;
}

export interface ToldZip extends Span {
  id: string;
  bytes: Buffer;
  deleted?: Span;
}

/** What a client did and was told, with the moments of it. */
export class Story {
  readonly uploads: ToldUpload[] = [];
  readonly documents: ToldDocument[] = [];
  readonly zips: ToldZip[] = [];
  stopped: Span | undefined;
  /** The moment in which it begins. */
  readonly begun: number;
  readonly #client: OperationClient;
  readonly #disk: RecordedDisk;

  constructor(client: OperationClient, disk: RecordedDisk) {
    this.#client = client;
    this.#disk = disk;
    this.begun = disk.mark();
  }

  async openUpload(): Promise<ToldUpload> {
    const upload: ToldUpload = { begun: this.#disk.mark(), id: '', chunks: [] };
    this.uploads.push(upload);
    const { UploadHandler = '' } = await this.#client.succeed('CreateUploadHandler', { PreferedChunkSize: 0 });
    upload.id = UploadHandler;
    upload.done = this.#disk.mark();
    return upload;
  }

  async sendChunk(upload: ToldUpload, length: number, isLast = false): Promise<void> {
    await this.#send(upload, crypto.randomBytes(length), isLast);
  }

  /** Sends a chunk that arrives damaged, and longer than it was; then it arrives as it is. */
  async sendChunkTwice(upload: ToldUpload, length: number): Promise<void> {
    const bytes = crypto.randomBytes(length);
    const damaged = Buffer.concat([crypto.randomBytes(length), Buffer.alloc(1000)]);
    await this.#client.call('UploadFileChunk', { ...chunkArguments(upload.id, bytes, false), fileChunk: damaged });
    await this.#send(upload, bytes, false);
  }

  async #send(upload: ToldUpload, bytes: Buffer, isLast: boolean): Promise<void> {
    const chunk: ToldChunk = { begun: this.#disk.mark(), bytes };
    upload.chunks.push(chunk);
    await this.#client.succeed('UploadFileChunk', chunkArguments(upload.id, bytes, isLast));
    chunk.done = this.#disk.mark();
  }

  async commit(upload: ToldUpload, path: string): Promise<void> {
    const begun = this.#disk.mark();
    const document: ToldDocument = { begun, path, bytes: Buffer.concat(upload.chunks.map(({ bytes }) => bytes)) };
    this.documents.push(document);
    upload.committed = document;
    await this.#client.succeed('UploadDocumentWithHandler', { path, uploadHandler: upload.id });
    document.done = this.#disk.mark();
  }

  async deleteUpload(upload: ToldUpload): Promise<void> {
    upload.deleted = { begun: this.#disk.mark() };
    await this.#client.succeed('DeleteUploadHandler', { UploadHandler: upload.id });
    upload.deleted.done = this.#disk.mark();
  }

  async uploadDocument(path: string, length: number): Promise<void> {
    const document: ToldDocument = { begun: this.#disk.mark(), path, bytes: crypto.randomBytes(length) };
    this.documents.push(document);
    await this.#client.succeed('UploadDocument', { path, fileContent: document.bytes });
    document.done = this.#disk.mark();
  }

  async makeZip(path: string): Promise<ToldZip> {
    const zip: ToldZip = { begun: this.#disk.mark(), id: '', bytes: Buffer.alloc(0) };
    this.zips.push(zip);
    const { downloadhandler = '' } = await this.#client.succeed('DownloadZipWithHandler', {
      Paths: path,
      partialResult: false,
    });
    zip.id = downloadhandler;
    zip.done = this.#disk.mark();
    zip.bytes = await this.#client.fetch('DownloadFileChunk', {
      DownloadHandler: zip.id,
      StartOffset: 0,
      ChunkSize: 0,
    });
    return zip;
  }

  async deleteZip(zip: ToldZip): Promise<void> {
    zip.deleted = { begun: this.#disk.mark() };
    await this.#client.succeed('DeleteDownloadHandler', { DownloadHandler: zip.id });
    zip.deleted.done = this.#disk.mark();
  }

  /** Ends the session. */
  async logOut(): Promise<void> {
    const deleted: Span = { begun: this.#disk.mark() };
    for (const upload of this.uploads) upload.deleted ??= deleted;
    await this.#client.succeed('LogOut');
    deleted.done = this.#disk.mark();
  }

  async stop(handOver: () => Promise<void>): Promise<void> {
    this.stopped = { begun: this.#disk.mark() };
    await handOver();
    this.stopped.done = this.#disk.mark();
  }
}

export function chunkArguments(handler: string, bytes: Buffer, isLast: boolean): Readonly<Record<string, unknown>> {
  return { uploadHandler: handler, fileChunk: bytes, chunkHEXCRC: upperHex(crc32(bytes)), lastChunk: isLast };
}
