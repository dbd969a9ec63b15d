import CRC32 from 'crc-32';
import { type Answer, valueOf } from './answer.js';
import { type Arguments, type Binding, type HttpAnswer, MULTIPART, send } from './bindings.js';

/** Where a server answers: `http://127.0.0.1:8080`. Its address may change when it is started again. */
export interface Service {
  readonly url: string;
}

/** What a caller sends beside the arguments. */
export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls an operation. */
export async function call(
  service: Service,
  binding: Binding,
  operation: string,
  args: Arguments,
  options: CallOptions = {},
): Promise<Answer> {
  return binding.read(operation, await exchange(service, binding, operation, args, options));
}

/** Calls an operation whose result is bytes. */
export async function fetchBytes(
  service: Service,
  binding: Binding,
  operation: string,
  args: Arguments,
): Promise<Buffer> {
  return binding.readBytes(operation, await exchange(service, binding, operation, args));
}

/** Calls an operation in a way that may be answered by an error of the protocol. */
export async function exchange(
  service: Service,
  binding: Binding,
  operation: string,
  args: Arguments,
  { headers = {} }: CallOptions = {},
): Promise<HttpAnswer> {
  const request = await binding.request(operation, args);
  return send(service.url, { ...request, headers: { ...request.headers, ...headers } });
}

/** How a chunk is sent when not as it should be. */
export interface ChunkForm {
  readonly isLast?: boolean;
  /** What is sent for the checksum of the bytes. */
  readonly crc?: string;
}

/** Somebody who is logged in: the steps that tests take on the way to what they are about. */
export class Caller {
  readonly service: Service;
  readonly ticket: string;
  readonly #binding: Binding;
  readonly #options: CallOptions;

  constructor(service: Service, ticket: string, binding: Binding = MULTIPART, options: CallOptions = {}) {
    this.service = service;
    this.ticket = ticket;
    this.#binding = binding;
    this.#options = options;
  }

  /** The same session over another binding. */
  over(binding: Binding): Caller {
    return new Caller(this.service, this.ticket, binding, this.#options);
  }

  /** The same session, every call over a connection of its own. */
  overConnections(): Caller {
    return new Caller(this.service, this.ticket, this.#binding, { headers: { Connection: 'close' } });
  }

  /** Calls an operation with this caller's ticket, the first argument of all operations that take one. */
  call(operation: string, args: Arguments = {}): Promise<Answer> {
    return call(this.service, this.#binding, operation, { authenticationTicket: this.ticket, ...args }, this.#options);
  }

  fetchBytes(operation: string, args: Arguments): Promise<Buffer> {
    return fetchBytes(this.service, this.#binding, operation, { authenticationTicket: this.ticket, ...args });
  }

  /** A new upload handler. */
  async openUpload(): Promise<string> {
    return valueOf(await this.call('CreateUploadHandler'), 'UploadHandler');
  }

  sendChunk(
    handler: string,
    bytes: Buffer,
    { crc = hexCrc32(bytes), isLast = false }: ChunkForm = {},
  ): Promise<Answer> {
    return this.call('UploadFileChunk', {
      uploadHandler: handler,
      fileChunk: bytes,
      chunkHEXCRC: crc,
      lastChunk: isLast,
    });
  }

  /** A handler with a complete upload. */
  async upload(...chunks: Buffer[]): Promise<string> {
    const handler = await this.openUpload();
    for (const [n, bytes] of chunks.entries()) {
      requireSuccess(await this.sendChunk(handler, bytes, { isLast: n === chunks.length - 1 }));
    }
    return handler;
  }

  commit(handler: string, path: string): Promise<Answer> {
    return this.call('UploadDocumentWithHandler', { path, uploadHandler: handler });
  }

  /** Makes a document, or a new version of it. Returns its number. */
  async store(path: string, bytes: Buffer): Promise<string> {
    const stored = requireSuccess(await this.call('UploadDocument', { path, fileContent: bytes }));
    return valueOf(stored, 'DocumentId');
  }

  async createFolder(path: string): Promise<string> {
    return valueOf(requireSuccess(await this.call('CreateFolder', { Path: path })), 'FolderId');
  }

  /** A new download handler for the latest version of a document. */
  async openDownload(path: string): Promise<string> {
    return valueOf(await this.call('GetDownloadHandler', { Path: path }), 'downloadhandler');
  }

  readChunk(handler: string, offset = 0, size = 0): Promise<Answer> {
    return this.call('DownloadFileChunk', { DownloadHandler: handler, StartOffset: offset, ChunkSize: size });
  }

  /** The bytes of a document as they are now. */
  download(path: string): Promise<Buffer> {
    return this.fetchBytes('DownloadDocument', { Path: path });
  }
}

function requireSuccess(answered: Answer): Answer {
  if (valueOf(answered, 'success') === 'true') return answered;
  throw new Error(`The call was refused: ${valueOf(answered, 'error')}`);
}

/** The checksum of the contract, computed by a library that is not the server's. */
export function crc32(bytes: Buffer): number {
  return CRC32.buf(bytes) >>> 0;
}

/** As callers send it: hexadecimal, upper case, 8 digits. */
export function hexCrc32(bytes: Buffer): string {
  return crc32(bytes).toString(16).toUpperCase().padStart(8, '0');
}
