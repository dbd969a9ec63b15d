import { randomBytes } from 'node:crypto';
import type { Answer } from '../../scripts/client/answer.js';
import type { Arguments, Service } from '../../scripts/client/service.js';
import { crc32, upperHex } from '../../src/values/crc32.js';

/** How an answer says that it is the storage. */
const STORAGE =
  /^SystemError: .+ (?:The disk of the server is full|The disk of the server reports an error|A file of the server cannot get any larger|The server has too many files open|The database of the server cannot be reached)\.$/;

const CHUNK = 40_000;

/** A call that is made while the machine is in trouble, and again when it is not. */
interface Attempt {
  readonly operation: string;
  readonly args: Arguments;
  /** What a call is answered that was carried out already: it may have been, although it was not answered. */
  readonly done?: RegExp;
  answered?: Answer | undefined;
}

const GONE = /does not exist or has expired/;

/** Some of everything a client does: begun on a machine that is well, tried on one in trouble, and ended on one that is well again. */
export class Round {
  readonly #service: Service;
  readonly #ticket: string;
  readonly #name: string;
  readonly #chunks = [randomBytes(CHUNK), randomBytes(CHUNK), randomBytes(CHUNK)];
  readonly #attempts: Attempt[] = [];
  #uploading = '';

  /** `name` is nobody else's. */
  constructor(service: Service, ticket: string, name: string) {
    this.#service = service;
    this.#ticket = ticket;
    this.#name = name;
  }

  async begin(): Promise<void> {
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = this.#chunks;
    this.#uploading = await this.#open();
    await this.#succeed('UploadFileChunk', this.#chunk(this.#uploading, first, false));
    const [begun, complete, unwanted] = [await this.#open(), await this.#open(), await this.#open()];
    await this.#succeed('UploadFileChunk', this.#chunk(complete, second, true));
    await this.#succeed('UploadDocument', { path: this.#path('there'), fileContent: first });
    const { downloadhandler = '' } = (await this.#succeed('GetDownloadHandler', { Path: this.#path('there') }))
      .attributes;
    this.#attempts.push(
      { operation: 'UploadFileChunk', args: this.#chunk(this.#uploading, second, false) },
      { operation: 'UploadFileChunk', args: this.#chunk(begun, first, true), done: GONE },
      { operation: 'CreateUploadHandler', args: {} },
      { operation: 'UploadDocument', args: { path: this.#path('one call'), fileContent: second } },
      { operation: 'DownloadZipWithHandler', args: { Paths: this.#path('there'), partialResult: false } },
      { operation: 'DownloadFileChunk', args: { DownloadHandler: downloadhandler, StartOffset: 0, ChunkSize: 0 } },
      { operation: 'CreateFolder', args: { Path: `/Public/${this.#name}` }, done: /already/ },
      {
        operation: 'UploadDocumentWithHandler',
        args: { path: this.#path('committed'), uploadHandler: complete },
        done: GONE,
      },
      { operation: 'DeleteUploadHandler', args: { UploadHandler: unwanted } },
    );
  }

  /** Makes each call. Returns how many were refused. @throws for an answer that says neither that it was done nor that it is the storage. */
  async attempt(): Promise<number> {
    let refused = 0;
    for (const attempt of this.#attempts) {
      attempt.answered = await this.#ask(attempt);
      const { error = '', success } = attempt.answered?.attributes ?? {};
      if (success === 'true') continue;
      refused++;
      if (attempt.answered && !STORAGE.test(error)) throw new Error(`${attempt.operation} was answered: ${error}`);
    }
    return refused;
  }

  /** Makes those calls again that were refused, and ends what was begun. @throws when something is not as it must be. */
  async end(): Promise<void> {
    for (const { answered, args, done, operation } of this.#attempts) {
      if (answered?.attributes['success'] === 'true') continue;
      const { error = '', success } = (await this.#service.ask('POST', operation, this.#with(args))).attributes;
      if (success !== 'true' && !(done?.test(error) ?? false)) throw new Error(`${operation} again: ${error}`);
    }
    const [first, second, third] = this.#chunks as [Buffer, Buffer, Buffer];
    await this.#succeed('UploadFileChunk', this.#chunk(this.#uploading, third, true));
    await this.#succeed('UploadDocumentWithHandler', {
      path: this.#path('uploaded'),
      uploadHandler: this.#uploading,
    });
    await this.#expect('uploaded', Buffer.concat([first, second, third]));
    await this.#expect('one call', second);
    await this.#expect('committed', second);
    await this.#expect('there', first);
  }

  /** Undefined: the connection broke. */
  async #ask({ args, operation }: Attempt): Promise<Answer | undefined> {
    try {
      return await this.#service.ask('POST', operation, this.#with(args));
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  }

  async #open(): Promise<string> {
    return (await this.#succeed('CreateUploadHandler', {})).attributes['UploadHandler'] ?? '';
  }

  #chunk(handler: string, bytes: Buffer, isLast: boolean): Arguments {
    return { uploadHandler: handler, fileChunk: bytes, chunkHEXCRC: upperHex(crc32(bytes)), lastChunk: isLast };
  }

  async #expect(document: string, bytes: Buffer): Promise<void> {
    const { CRC32, Size } = (await this.#succeed('GetDownloadInfo', { Path: this.#path(document) })).attributes;
    const opened = await this.#succeed('GetDownloadHandler', { Path: this.#path(document) });
    const handler = { DownloadHandler: opened.attributes['downloadhandler'] ?? '', StartOffset: 0, ChunkSize: 0 };
    const { text } = await this.#succeed('DownloadFileChunk', handler);
    if (Buffer.from(text, 'base64').equals(bytes)) return;
    throw new Error(`${document} is not what was sent: ${Size ?? ''} bytes with the CRC32 ${CRC32 ?? ''}.`);
  }

  #succeed(operation: string, args: Arguments): Promise<Answer> {
    return this.#service.call('POST', operation, this.#with(args));
  }

  #with(args: Arguments): Arguments {
    return { authenticationTicket: this.#ticket, ...args };
  }

  #path(document: string): string {
    return `/Public/${this.#name} ${document}.bin`;
  }
}
