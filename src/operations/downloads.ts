import type { Sessions, Session } from '../accounts/sessions.js';
import { elementResult, type Element, type Result } from '../contract/result.js';
import { MAX_CHUNK_SIZE, negotiateChunkSize } from '../handlers/chunk-size.js';
import type { DownloadHandlers, OpenedContent } from '../handlers/download-handlers.js';
import { invalidDownloadHandler } from '../handlers/failures.js';
import type { StagedBytes } from '../handlers/staged-bytes.js';
import type { ZipPlaces } from '../handlers/zip-places.js';
import type { ZipEntry, ZipWriter } from '../handlers/zip-writer.js';
import { contentType } from '../library/content-type.js';
import type { Document, Version } from '../library/document.js';
import type { Documents } from '../library/documents.js';
import type { FolderEntry } from '../library/folders.js';
import { plainPath } from '../library/paths.js';
import { requireContent, requireVisible } from '../library/requirements.js';
import type { LeftOut, Selected, ZipSelection } from '../library/zip-selection.js';
import { type AuditedEvent, auditedSubject, type AuditTrail, MOST_AT_ONCE } from '../storage/audit-trail.js';
import { ChecksumReaders } from '../storage/checksum-readers.js';
import { ContentRange } from '../storage/content-range.js';
import { ContentMissing, type ContentReader, type ContentStore } from '../storage/content-store.js';
import { paddedHex } from '../values/crc32.js';
import { Failure, StorageFailure } from '../values/failure.js';
import { type Guid, parseGuid } from '../values/guid.js';
import { authenticate } from './authenticate.js';
import { formatDate } from './date-format.js';
import type { Call, Operation, Operations } from './operation.js';
import { recorded } from './recorded.js';
import { withinSession } from './within-session.js';

export interface DownloadRooms {
  readonly audit: AuditTrail;
  readonly sessions: Sessions;
  readonly downloads: DownloadHandlers;
  readonly documents: Documents;
  readonly zipSelection: ZipSelection;
  readonly zips: ZipWriter;
  readonly zipPlaces: ZipPlaces;
  readonly staged: StagedBytes;
  readonly contents: ContentStore;
  /** The chunk size of a caller who has no wish, bytes. */
  readonly defaultChunkSize: number;
}

type DownloadOperations = Pick<
  Operations,
  | 'GetDownloadHandler'
  | 'GetDownloadHandlerByVersion'
  | 'DownloadZipWithHandler'
  | 'DownloadFileChunk'
  | 'DeleteDownloadHandler'
  | 'GetDownloadInfo'
  | 'GetDownloadInfoByVersion'
  | 'DownloadDocument'
  | 'DownloadDocumentVersion'
>;

/** How many chunks are read at once for their checksums: more would only make each take longer. */
const READ_AT_ONCE = 4;

/** Chunked download, and download in one call. */
export function downloadOperations(rooms: DownloadRooms): DownloadOperations {
  const { documents, downloads, sessions } = rooms;
  const checksums = new ChecksumReaders(READ_AT_ONCE);
  return {
    GetDownloadHandler: {
      root: 'response',
      run: (args, call) => openHandler(rooms, { ...args, VersionNumber: 0 }, call),
    },
    GetDownloadHandlerByVersion: {
      root: 'response',
      run: (args, call) => openHandler(rooms, args, call),
    },

    DownloadZipWithHandler: {
      root: 'Response',
      run: (args, call) => openZip(rooms, args, call),
    },

    DownloadFileChunk: {
      root: 'response',
      isRead: true,
      run: (args, call) => readChunk(rooms, checksums, args, call),
    },

    DeleteDownloadHandler: {
      root: 'response',
      run: async (args, call) => {
        /* The GUID is looked at before the ticket (seed DeleteDownloadHandler, Notes). */
        const id = parseGuid(args.DownloadHandler);
        if (!id) throw new Failure('bad Request');
        const session = await authenticate(sessions, args.authenticationTicket, call);
        await downloads.discard(session.id, id);
        return elementResult('response', { success: 'true', error: '' });
      },
    },

    GetDownloadInfo: {
      root: 'response',
      isRead: true,
      run: async (args, call) => {
        const session = await authenticate(sessions, args.AuthenticationTicket, call);
        const { document, version } = await findVersion(rooms, session, args.Path, 0);
        return elementResult('response', describe(document, version, 0));
      },
    },
    GetDownloadInfoByVersion: {
      root: 'response',
      isRead: true,
      run: async (args, call) => {
        const session = await authenticate(sessions, args.AuthenticationTicket, call);
        const { document, version } = await findVersion(rooms, session, args.Path, args.VersionNumber);
        return elementResult('response', describe(document, version, args.VersionNumber));
      },
    },

    DownloadDocument: downloadInOneCall(rooms, (document) => documents.byNumber(document, 0)),
    DownloadDocumentVersion: downloadInOneCall(rooms, (document, args) =>
      documents.byNumberOrMajor(document, args.VersionNumber),
    ),
  };
}

/** What GetDownloadHandler and GetDownloadInfo tell about a version, in the contract's order. */
function describe(document: Document, version: Version, askedFor: number): Record<string, string> {
  return {
    success: 'true',
    Size: String(version.size),
    ContentType: contentType(document.name),
    ModificationDate: formatDate(version.modifiedAt),
    VersionNumber: String(askedFor),
    AlterDocumentName: document.name,
    RenderedContent: 'false',
    CRC32: paddedHex(version.crc32),
  };
}

/** A version whose content the caller may read. @throws Failure */
async function findVersion(
  rooms: DownloadRooms,
  session: Session,
  path: string,
  number: number,
): Promise<{ document: Document; version: Version }> {
  const document = await rooms.documents.resolve(session.user, path);
  requireContent(document);
  return { document, version: await rooms.documents.byNumber(document, number) };
}

async function openHandler(
  rooms: DownloadRooms,
  args: { AuthenticationTicket: string; Path: string; PreferedChunkSize: number; VersionNumber: number },
  call: Call,
): Promise<Result> {
  const session = await authenticate(rooms.sessions, args.AuthenticationTicket, call);
  const event = { action: 'open download', sessionId: session.id, subject: plainPath(args.Path) } as const;
  const { document, id, version } = await recorded(rooms.audit, call, event, async () => {
    const found = await findVersion(rooms, session, args.Path, args.VersionNumber);
    const opened = await rooms.downloads.open(session.id, found.version, (trx) =>
      rooms.audit.record(trx, call, { ...event, ...audited(found.version) }),
    );
    return { ...found, id: opened };
  });
  return elementResult('response', {
    ...describe(document, version, args.VersionNumber),
    ChunkSize: String(negotiateChunkSize(args.PreferedChunkSize, rooms.defaultChunkSize)),
    downloadhandler: id,
  });
}

async function readChunk(
  rooms: DownloadRooms,
  checksums: ChecksumReaders,
  args: { authenticationTicket: string; DownloadHandler: string; StartOffset: number; ChunkSize: number },
  call: Call,
): Promise<Result> {
  const session = await authenticate(rooms.sessions, args.authenticationTicket, call);
  const id = parseGuid(args.DownloadHandler);
  if (!id) throw invalidDownloadHandler(args.DownloadHandler);
  const content = await withinSession(rooms.sessions, args.authenticationTicket, () =>
    rooms.downloads.find(session.id, id),
  );
  if (content.rights) requireVisible(session.user, content.rights);
  const offset = args.StartOffset;
  checkOffset(offset, content.size);
  const length = Math.min(chunkLength(rooms, args.ChunkSize), content.size - offset);
  /* A zip goes with its handler, which may be deleted or expire at any moment. */
  const requireHandler = (): Promise<unknown> => rooms.downloads.find(session.id, id);
  const reader = await openContent(rooms, content, requireHandler);
  try {
    const crc = await checksums.range(reader, offset, length, { group: String(session.user.id), caller: call });
    if (crc === undefined) {
      await requireHandler();
      throw new StorageFailure('The content is shorter than it was recorded.');
    }
    return elementResult(
      'response',
      {
        success: 'true',
        filelength: String(content.size),
        chunklength: String(length),
        lastchunk: String(offset + length === content.size),
        chunkCRC32: paddedHex(crc),
      },
      length === 0 ? [] : [new ContentRange(reader, offset, length, requireHandler)],
    );
  } catch (error) {
    reader.close();
    throw error;
  } finally {
    if (length === 0) reader.close();
  }
}

/** Opens what a handler shows. @throws Failure */
async function openContent(
  rooms: DownloadRooms,
  { contentId }: OpenedContent,
  requireHandler: () => Promise<unknown>,
): Promise<ContentReader> {
  try {
    return await rooms.contents.openReader(contentId);
  } catch (error) {
    if (error instanceof ContentMissing) await requireHandler();
    throw error;
  }
}

/** How many bytes a caller gets who asks for `wanted`: at most the largest chunk, and for no wish the usual. @throws Failure */
function chunkLength(rooms: DownloadRooms, wanted: number): number {
  if (wanted < 0) throw new Failure('The ChunkSize must not be negative.');
  return wanted === 0 ? rooms.defaultChunkSize : Math.min(wanted, MAX_CHUNK_SIZE);
}

/** The start of empty content is its end, and yet its one chunk: a caller that reads until `lastchunk` must get there. */
function checkOffset(offset: number, size: number): void {
  if (offset === 0 && size === 0) return;
  if (offset < 0) throw new Failure('The StartOffset must not be negative.');
  if (offset >= size) throw new Failure(`The StartOffset ${offset} is not within the file, which has ${size} bytes.`);
}

async function openZip(
  rooms: DownloadRooms,
  args: { authenticationTicket: string; Paths: string; partialResult: boolean },
  call: Call,
): Promise<Result> {
  const session = await authenticate(rooms.sessions, args.authenticationTicket, call);
  const event: AuditedEvent = { action: 'zip', sessionId: session.id, subject: args.Paths.trim() };
  const { id, leftOut } = await recorded(rooms.audit, call, event, async () => {
    await rooms.downloads.requireFree(session.user.id);
    const leavePlace = await rooms.zipPlaces.take(session.user.id, call.gone);
    try {
      return await stageZip(rooms, session, args, call);
    } finally {
      leavePlace();
    }
  });
  const log: Element[] = leftOut.map(({ path, reason }) => ({
    name: 'log',
    attributes: { path, error: reason },
  }));
  return elementResult('Response', { success: 'true', downloadhandler: id, error: log.length > 0 ? '[log]' : '' }, log);
}

/** Writes a zip and opens a handler for it. */
async function stageZip(
  rooms: DownloadRooms,
  session: Session,
  { Paths, partialResult }: { Paths: string; partialResult: boolean },
  call: Call,
): Promise<{ id: Guid; leftOut: readonly LeftOut[] }> {
  const { found, leftOut } = await rooms.zipSelection.select(session.user, Paths.split('|'), call.gone);
  const [firstLeftOut] = leftOut;
  if (firstLeftOut && (!partialResult || found.length === 0)) {
    const { path, reason } = firstLeftOut;
    throw new Failure(`${path}: ${reason}`, { summary: reason });
  }
  if (found.length === 0) throw new Failure('No path was given.');
  const taken: AuditedEvent[] = [];
  const id = await writeZip(rooms, session, { found, taken }, call);
  await recordRest(rooms, session, id, taken.slice(MOST_AT_ONCE), call);
  return { id, leftOut };
}

/**
 * Writes a zip of what was found, and opens a handler for it once it is complete; the first part of what is `taken` into it is recorded with the
 * handler. Whatever may refuse the handler has been asked by then. The zip counts as being written until it is in the records, and no longer.
 */
async function writeZip(
  rooms: DownloadRooms,
  session: Session,
  { found, taken }: { found: readonly Selected[]; taken: AuditedEvent[] },
  call: Call,
): Promise<Guid> {
  const counted = rooms.staged.begin(session.user.id);
  try {
    const entries = zipEntries(rooms.zipSelection.entries(found, call.gone), session, taken);
    const zip = await rooms.zips.write(entries, { counted, gone: call.gone });
    const first = taken.slice(0, MOST_AT_ONCE);
    return await adoptZip(rooms, session, zip, (trx) => rooms.audit.record(trx, call, ...first));
  } finally {
    counted.end();
  }
}

/** Records what else is in a zip, before anybody is told of its handler. There is none for a caller who has left meanwhile. */
async function recordRest(
  { audit, downloads }: DownloadRooms,
  session: Session,
  id: Guid,
  rest: readonly AuditedEvent[],
  call: Call,
): Promise<void> {
  try {
    await audit.recordInTurns(call, rest);
    call.gone?.throwIfAborted();
  } catch (error) {
    await downloads.discard(session.id, id);
    throw error;
  }
}

async function adoptZip(
  { downloads, zips }: DownloadRooms,
  session: Session,
  zip: OpenedContent,
  also: Parameters<DownloadHandlers['adopt']>[2],
): Promise<Guid> {
  try {
    return await downloads.adopt(session.id, zip, also);
  } catch (error) {
    await zips.discard(zip.contentId);
    throw error;
  }
}

/** What goes into the zip; of each document a line for the audit is added to `taken`. */
async function* zipEntries(
  entries: AsyncIterable<FolderEntry>,
  session: Session,
  taken: AuditedEvent[],
): AsyncGenerator<ZipEntry> {
  for await (const entry of entries) {
    if (entry.kind === 'folder') {
      yield entry;
      continue;
    }
    const { path, version } = entry;
    taken.push({ action: 'zip', sessionId: session.id, subject: auditedSubject(path), ...audited(version) });
    yield { kind: 'document', path, content: version, modifiedAt: version.modifiedAt };
  }
}

/** A version as the audit names it. */
function audited({ documentId, number }: Version): Pick<AuditedEvent, 'documentId' | 'version'> {
  return { documentId, version: number };
}

/** DownloadDocument and its variant: they differ in which version they mean. On any failure the result is empty (CONTRACT). */
function downloadInOneCall<Arguments extends { authenticationTicket: string; Path: string }>(
  rooms: DownloadRooms,
  choose: (document: Document, args: Arguments) => Promise<Version>,
): Operation<Arguments> {
  return {
    root: 'response',
    isRead: true,
    run: async (args, call) => {
      const session = await authenticate(rooms.sessions, args.authenticationTicket, call);
      const event: AuditedEvent = { action: 'download', sessionId: session.id, subject: plainPath(args.Path) };
      return recorded(rooms.audit, call, event, async () => {
        const document = await rooms.documents.resolve(session.user, args.Path);
        requireContent(document);
        const version = await choose(document, args);
        await rooms.audit.recordAlone(call, { ...event, ...audited(version) });
        const reader = await rooms.contents.openReader(version.contentId);
        return { kind: 'bytes', content: new ContentRange(reader, 0, version.size) };
      });
    },
    refuse: () => ({ kind: 'bytes', content: undefined }),
  };
}
