import { once } from 'node:events';
import http from 'node:http';
import { crc32, upperHex } from '../../../src/values/crc32.js';
import type { Random } from '../../fuzz/random.js';
import { type Answer, elementsIn, valueOf } from '../answer.js';
import { type Arguments, MULTIPART } from '../bindings.js';
import type { Caller } from '../caller.js';
import type { CallUnderWay, PreparedCall } from './history.js';
import { bytesOf, describeVersion, type ServiceCall, WRONG_CRC32 } from './service-model.js';

/** The most pieces a request is sent in. */
const MOST_PIECES = 4;

export interface ServiceCallsOptions {
  readonly caller: Caller;
  /** Somebody else, who may read the documents. */
  readonly reader: Caller;
  /** The handlers by their names. */
  readonly handlers: ReadonlyMap<string, string>;
  /** The path of a document. */
  readonly pathOf: (document: string) => string;
  /** What no caller can do: what is done to the server by others, at once. */
  readonly others?: {
    readonly expire: (handlerId: string) => Promise<void>;
    readonly takeOffline: () => Promise<void>;
  };
}

/** Makes the calls of a model's histories to a service: each over a connection of its own, in pieces. */
export class ServiceCalls {
  readonly #options: ServiceCallsOptions;
  readonly #random: Random;

  constructor(options: ServiceCallsOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  async prepare(input: ServiceCall): Promise<PreparedCall<ServiceCall>> {
    switch (input.kind) {
      case 'chunk': {
        const bytes = bytesOf(input.chunk);
        return this.#call(input, 'UploadFileChunk', {
          uploadHandler: this.#id(input.handler),
          fileChunk: bytes,
          chunkHEXCRC: input.isDamaged ? WRONG_CRC32 : upperHex(crc32(bytes)),
          lastChunk: input.isLast,
        });
      }
      case 'commit': {
        const path = this.#options.pathOf(input.document);
        return this.#call(input, 'UploadDocumentWithHandler', { path, uploadHandler: this.#id(input.handler) });
      }
      case 'delete':
        return this.#call(input, 'DeleteUploadHandler', { UploadHandler: this.#id(input.handler) });
      case 'log out':
        return this.#call(input, 'LogOut', {});
      case 'expire':
        return atOneGo(input, () => this.#others.expire(this.#id(input.handler)).then(() => 'done'));
      case 'take offline':
        return atOneGo(input, () => this.#others.takeOffline().then(() => 'done'));
      case 'read':
        return atOneGo(input, () => this.#read(this.#options.pathOf(input.document)));
    }
  }

  async #call(input: ServiceCall, operation: string, args: Arguments): Promise<PreparedCall<ServiceCall>> {
    const { service, ticket } = this.#options.caller;
    const { body, headers, path } = await MULTIPART.request(operation, { authenticationTicket: ticket, ...args });
    const whole = Buffer.from(body ?? '');
    const pieces = this.#cut(whole);
    return {
      input,
      begin: () => {
        const request = http.request(service.url + path, {
          method: 'POST',
          headers: { ...headers, 'Content-Length': whole.length },
          agent: false,
        });
        return { step: () => sendNext(request, pieces), outcome: outcomeOf(request, operation) };
      },
    };
  }

  #cut(whole: Buffer): Buffer[] {
    const cuts = Array.from({ length: this.#random.below(MOST_PIECES) }, () => this.#random.below(whole.length));
    const ends = [...cuts.sort((a, b) => a - b), whole.length];
    return ends.map((end, n) => whole.subarray(ends[n - 1] ?? 0, end));
  }

  /** Every version, with the checksum of the bytes there are. */
  async #read(path: string): Promise<string> {
    const { reader } = this.#options;
    const versions = elementsIn(await reader.call('GetDocumentVersions', { Path: path }), 'Version');
    const numbers = versions.map((version) => Number(valueOf(version, 'Number'))).sort((a, b) => a - b);
    const texts = numbers.map(async (number) => {
      const bytes = await reader.fetchBytes('DownloadDocumentVersion', { Path: path, VersionNumber: number });
      return describeVersion(number, crc32(bytes));
    });
    return (await Promise.all(texts)).join(' ');
  }

  #id(handler: string): string {
    return this.#options.handlers.get(handler) ?? handler;
  }

  get #others(): NonNullable<ServiceCallsOptions['others']> {
    if (!this.#options.others) throw new Error('Nobody else can do anything to this server.');
    return this.#options.others;
  }
}

function atOneGo(input: ServiceCall, run: () => Promise<string>): PreparedCall<ServiceCall> {
  return { input, begin: (): CallUnderWay => ({ step: () => false, outcome: run() }) };
}

function sendNext(request: http.ClientRequest, pieces: Buffer[]): boolean {
  const piece = pieces.shift();
  if (pieces.length === 0) request.end(piece);
  else request.write(piece);
  return pieces.length > 0;
}

async function outcomeOf(request: http.ClientRequest, operation: string): Promise<string> {
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const body: Buffer[] = [];
  for await (const piece of response) body.push(piece as Buffer);
  const { headers, statusCode = 0 } = response;
  const answer = { status: statusCode, contentType: headers['content-type'] ?? '', body: Buffer.concat(body) };
  return describe(MULTIPART.read(operation, answer));
}

/** The attributes, but for what a session is told about itself when it ends and the number a document was given. */
function describe({ attributes }: Answer): string {
  return attributes
    .filter(([name]) => name !== 'DocumentId')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
