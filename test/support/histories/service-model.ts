import { type Crc32, crc32, paddedHex, upperHex } from '../../../src/values/crc32.js';
import type { SequentialModel } from './find-order.js';
import type { RecordedCall } from './history.js';

/** What is done to the service. Handlers, documents and chunks go by names of one letter or more. */
export type ServiceCall =
  | ChunkCall
  | { readonly kind: 'commit'; readonly handler: string; readonly document: string }
  | { readonly kind: 'delete'; readonly handler: string }
  | { readonly kind: 'expire'; readonly handler: string }
  | { readonly kind: 'log out' }
  | { readonly kind: 'take offline' }
  | { readonly kind: 'read'; readonly document: string };

export interface ChunkCall {
  readonly kind: 'chunk';
  readonly handler: string;
  /** A letter; none for an empty chunk. */
  readonly chunk: string;
  readonly isLast: boolean;
  /** Whether its checksum is given as another. */
  readonly isDamaged: boolean;
}

/** The service as one that does one thing at a time: CONTRACT, Chunked upload. */
export interface ServiceState {
  readonly handlers: Readonly<Record<string, HandlerState>>;
  /** The versions of each document, the first first: the chunks they are made of. */
  readonly documents: Readonly<Record<string, readonly string[]>>;
  readonly isOffline: boolean;
  readonly isLoggedOut: boolean;
}

interface HandlerState {
  /** The chunks it has. */
  readonly content: string;
  /** The last chunk, when that has come. */
  readonly last?: string;
  /** The chunk that must come again. */
  readonly suspect?: string;
}

const FIRST_VERSION = 1_000_000;

/** Bytes of a chunk; of each letter another number. */
const LEAST_BYTES = 2000;

/** What a damaged chunk's checksum is given as. */
export const WRONG_CRC32 = 'BAD';

/** The bytes of chunks. */
export function bytesOf(chunks: string): Buffer {
  return Buffer.concat(chunks.split('').map((letter) => Buffer.alloc(LEAST_BYTES + letter.charCodeAt(0), letter)));
}

const checksums = new Map<string, Crc32>();

function checksumOf(chunks: string): Crc32 {
  const known = checksums.get(chunks);
  if (known !== undefined) return known;
  const computed = crc32(bytesOf(chunks));
  checksums.set(chunks, computed);
  return computed;
}

/** A service with empty handlers, in which nothing else was done yet. */
export function serviceModel(handlers: readonly string[]): SequentialModel<ServiceState, ServiceCall> {
  const initial: ServiceState = {
    handlers: Object.fromEntries(handlers.map((name) => [name, { content: '' }])),
    documents: {},
    isOffline: false,
    isLoggedOut: false,
  };
  return {
    initial,
    after: (state, { input, outcome }: RecordedCall<ServiceCall>) => {
      const expected = carryOut(state, input);
      return expected.outcome === outcome ? expected.state : undefined;
    },
  };
}

interface CarriedOut {
  readonly state: ServiceState;
  readonly outcome: string;
}

const DONE = 'success=true error=';
const refused = (error: string): string => `success=false error=${error}`;
const chunkRefused = (error: string): string => `success=false tryagain=false error=${error}`;

const SESSION_ENDED = '[901] Session expired or Invalid ticket';
const NO_UPLOAD = 'The upload handler does not exist or has expired.';
const COMPLETE = 'The upload is complete: the last chunk has been received already.';
const INCOMPLETE = 'The upload is not complete: the last chunk has not been received.';
const OFFLINE = 'The document is in an offline library.';

function carryOut(state: ServiceState, call: ServiceCall): CarriedOut {
  switch (call.kind) {
    case 'chunk':
      return takeChunk(state, call);
    case 'commit':
      return commit(state, call.handler, call.document);
    case 'delete':
      if (state.isLoggedOut) return { state, outcome: refused(SESSION_ENDED) };
      return { state: without(state, call.handler), outcome: DONE };
    case 'expire':
      return { state: without(state, call.handler), outcome: 'done' };
    case 'log out':
      return { state: { ...state, handlers: {}, isLoggedOut: true }, outcome: 'success=true' };
    case 'take offline':
      return { state: { ...state, isOffline: true }, outcome: 'done' };
    case 'read':
      return { state, outcome: describeVersions(state.documents[call.document] ?? []) };
  }
}

function takeChunk(state: ServiceState, call: ChunkCall): CarriedOut {
  const { chunk, isDamaged, isLast } = call;
  const handler = state.handlers[call.handler];
  if (state.isLoggedOut) return { state, outcome: chunkRefused(SESSION_ENDED) };
  if (!handler) return { state, outcome: chunkRefused(NO_UPLOAD) };
  if (handler.last !== undefined) {
    const isRepeat = isLast && !isDamaged && chunk === handler.last;
    return { state, outcome: isRepeat ? takenLast(handler.content) : chunkRefused(COMPLETE) };
  }
  if (handler.suspect !== undefined && handler.suspect !== chunk && !isDamaged) {
    return { state, outcome: chunkRefused(mustComeAgain(handler.suspect)) };
  }
  if (isDamaged) {
    const text =
      `The CRC32 of the chunk is ${upperHex(checksumOf(chunk))}, but it was given as ${WRONG_CRC32}. ` +
      'Send the chunk again.';
    const suspected = { content: handler.content, suspect: chunk };
    return {
      state: withHandler(state, call.handler, suspected),
      outcome: `success=false tryagain=true error=${text}`,
    };
  }
  const content = handler.content + chunk;
  return {
    state: withHandler(state, call.handler, { content, ...(isLast ? { last: chunk } : {}) }),
    outcome: isLast ? takenLast(content) : 'success=true tryagain=false',
  };
}

function takenLast(content: string): string {
  return `success=true tryagain=false filehexcrc=${upperHex(checksumOf(content))}`;
}

function mustComeAgain(chunk: string): string {
  return (
    'The chunk before this one arrived damaged and must be sent again first: its CRC32 was given as ' +
    `${WRONG_CRC32} and came out as ${upperHex(checksumOf(chunk))}.`
  );
}

function commit(state: ServiceState, name: string, document: string): CarriedOut {
  const handler = state.handlers[name];
  if (state.isLoggedOut) return { state, outcome: refused(SESSION_ENDED) };
  if (!handler) return { state, outcome: refused(NO_UPLOAD) };
  if (handler.last === undefined) return { state, outcome: refused(INCOMPLETE) };
  if (state.isOffline) return { state, outcome: refused(OFFLINE) };
  const before = state.documents[document] ?? [];
  const after = without(state, name);
  return {
    state: { ...after, documents: { ...after.documents, [document]: [...before, handler.content] } },
    outcome: `success=true VersionId=${FIRST_VERSION + before.length}`,
  };
}

function withHandler(state: ServiceState, name: string, handler: HandlerState): ServiceState {
  return { ...state, handlers: { ...state.handlers, [name]: handler } };
}

function without(state: ServiceState, name: string): ServiceState {
  return { ...state, handlers: Object.fromEntries(Object.entries(state.handlers).filter(([each]) => each !== name)) };
}

/** Versions as {@link readVersions} reads them: numbers, and checksums of the bytes. */
export function describeVersion(number: number, checksum: Crc32): string {
  return `${number}:${paddedHex(checksum)}`;
}

function describeVersions(versions: readonly string[]): string {
  return versions.map((content, n) => describeVersion(FIRST_VERSION + n, checksumOf(content))).join(' ');
}
