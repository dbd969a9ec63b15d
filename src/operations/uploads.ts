import type { Session, Sessions } from '../accounts/sessions.js';
import { elementResult, type Result } from '../contract/result.js';
import type { Payload } from '../contract/payload.js';
import type { ChunkOutcome, ChunkReservation } from '../handlers/chunk-reservation.js';
import { MAX_CHUNK_SIZE } from '../handlers/chunk-size.js';
import { DirectUpload } from '../handlers/direct-upload.js';
import { invalidUploadHandler } from '../handlers/failures.js';
import { requireSession } from '../handlers/require-session.js';
import type { StagedBytes } from '../handlers/staged-bytes.js';
import type { UploadHandlers } from '../handlers/upload-handlers.js';
import type { Commit, Commits, CommitTarget } from '../library/commits.js';
import { plainPath } from '../library/paths.js';
import type { VersionProperties } from '../library/version-properties.js';
import type { AuditedEvent, AuditTrail } from '../storage/audit-trail.js';
import type { ContentStore } from '../storage/content-store.js';
import type { UnclaimedContents } from '../storage/unclaimed-contents.js';
import { parseCrc32, upperHex } from '../values/crc32.js';
import { Failure } from '../values/failure.js';
import { type Guid, parseGuid } from '../values/guid.js';
import { packVersion } from '../values/version-number.js';
import { authenticate } from './authenticate.js';
import type { Call, Operation, Operations } from './operation.js';
import { type ChunkTarget, type ChunkTexts, PlacedChunk } from './placed-chunk.js';
import { recorded } from './recorded.js';
import { withinSession } from './within-session.js';
import { parseXmlParameters } from './xml-parameters.js';

export interface UploadRooms {
  readonly audit: AuditTrail;
  readonly sessions: Sessions;
  readonly uploads: UploadHandlers;
  readonly commits: Commits;
  readonly contents: ContentStore;
  readonly unclaimed: UnclaimedContents;
  readonly staged: StagedBytes;
  /** The largest document that is taken in one call, bytes. */
  readonly maxDocumentSize: number;
}

type UploadOperations = Pick<
  Operations,
  | 'CreateUploadHandler'
  | 'UploadFileChunk'
  | 'DeleteUploadHandler'
  | 'UploadDocumentWithHandler'
  | 'UploadDocumentWithHandler1'
  | 'UploadDocumentWithHandler2'
  | 'UploadDocumentWithHandler3'
  | 'UploadNewDocumentWidthHandler'
  | 'UploadDocument'
  | 'UploadDocument1'
  | 'UploadDocument2'
  | 'UploadDocument3'
  | 'UploadDocument4'
>;

/** Chunked upload, and upload in one call. */
export function uploadOperations(rooms: UploadRooms): UploadOperations {
  const { sessions, uploads } = rooms;
  return {
    CreateUploadHandler: {
      root: 'response',
      run: async (args, call) => {
        const session = await authenticate(sessions, args.authenticationTicket, call);
        const { id, chunkSize } = await uploads.create(session.id, args.PreferedChunkSize);
        return elementResult('response', {
          success: 'true',
          error: '',
          UploadHandler: id,
          ChunkSize: String(chunkSize),
        });
      },
    },

    UploadFileChunk: {
      root: 'root',
      content: {
        limit: MAX_CHUNK_SIZE,
        place: async ({ authenticationTicket, uploadHandler }, call) => {
          if (!authenticationTicket || uploadHandler === undefined) return undefined;
          return place(rooms, { authenticationTicket, uploadHandler }, call);
        },
      },
      run: async (args, call) => {
        const { fileChunk, lastChunk } = args;
        const reservation = await reservationOf(rooms, args, call);
        try {
          const claimed = parseCrc32(args.chunkHEXCRC);
          if (claimed === undefined) throw new Failure('The chunk CRC32 must be a hexadecimal number.');
          const { crc32: computed, length } = fileChunk;
          const chunk = { length, computed, claimed, isLast: lastChunk };
          return chunkAnswer(await withinSession(sessions, args.authenticationTicket, () => reservation.accept(chunk)));
        } finally {
          await reservation.release();
        }
      },
      /* Clients in use read `tryagain` whenever success is not true (CONTRACT), so every answer carries it. */
      refuse: (failure) => elementResult('root', { success: 'false', tryagain: 'false', error: failure.message }),
    },

    DeleteUploadHandler: {
      root: 'response',
      run: async (args, call) => {
        /* The GUID is looked at before the ticket (seed DeleteUploadHandler, Notes). */
        const id = parseGuid(args.UploadHandler);
        if (!id) throw new Failure('bad Request');
        const session = await authenticate(sessions, args.authenticationTicket, call);
        await uploads.discard(session.id, id);
        return elementResult('response', { success: 'true', error: '' });
      },
    },

    UploadDocumentWithHandler: {
      root: 'root',
      run: (args, call) => commitHandler(rooms, args, { path: args.path }, () => ({}), call),
    },
    UploadDocumentWithHandler1: {
      root: 'root',
      run: (args, call) =>
        commitHandler(rooms, args, { path: args.path }, () => ({ comment: args.versionComments }), call),
    },
    UploadDocumentWithHandler2: {
      root: 'root',
      run: (args, call) =>
        commitHandler(
          rooms,
          args,
          { path: args.path },
          () => ({
            comment: args.versionComments,
            number: packVersion(args.mpVersionMajor, args.mpVersionMinor, args.mpVersionRevision),
          }),
          call,
        ),
    },
    UploadDocumentWithHandler3: {
      root: 'root',
      run: (args, call) =>
        commitHandler(rooms, args, { path: args.path }, () => parseXmlParameters(args.xmlParameters), call),
    },
    UploadNewDocumentWidthHandler: {
      root: 'root',
      run: (args, call) =>
        commitHandler(
          rooms,
          args,
          { folderPath: args.folderPath, documentName: args.documentName },
          () => parseXmlParameters(args.xmlParameters),
          call,
        ),
    },

    UploadDocument: uploadInOneCall(rooms, () => ({})),
    UploadDocument1: uploadInOneCall(rooms, ({ versionComment }) => ({ comment: versionComment })),
    UploadDocument2: uploadInOneCall(rooms, ({ checkout }) => ({ checkout })),
    UploadDocument3: uploadInOneCall(rooms, ({ versionComment, checkout }) => ({ comment: versionComment, checkout })),
    UploadDocument4: uploadInOneCall(rooms, ({ xmlParameters }) => parseXmlParameters(xmlParameters)),
  };
}

/** The session and the handler a call names. @throws Failure */
async function findTarget(rooms: UploadRooms, texts: ChunkTexts, call: Call): Promise<ChunkTarget> {
  const session = await authenticate(rooms.sessions, texts.authenticationTicket, call);
  return { sessionId: session.id, handlerId: requireHandler(texts.uploadHandler) };
}

/** A place at a handler for the chunk of this call. @throws Failure */
async function place(rooms: UploadRooms, texts: ChunkTexts, call: Call): Promise<PlacedChunk> {
  const target = await findTarget(rooms, texts, call);
  const { handlerId, sessionId } = target;
  const reservation = await withinSession(rooms.sessions, texts.authenticationTicket, () =>
    rooms.uploads.reserve(sessionId, handlerId, call),
  );
  return new PlacedChunk(reservation, texts, target);
}

/** The place the chunk was written to as it arrived, or one it is written to now because the handler was named too late. */
async function reservationOf(
  rooms: UploadRooms,
  args: ChunkTexts & { fileChunk: Payload },
  call: Call,
): Promise<ChunkReservation> {
  const { fileChunk } = args;
  if (fileChunk.placement instanceof PlacedChunk) return confirmed(rooms, fileChunk.placement, args, call);
  const { reservation } = await place(rooms, args, call);
  try {
    await fileChunk.copyTo(reservation);
    return reservation;
  } catch (error) {
    await reservation.release();
    throw error;
  }
}

/**
 * The place a chunk was written to, when that is where the call wants it now that all of it has come. Otherwise the chunk counts nowhere, and the call is
 * answered as if its texts had come first. @throws Failure
 */
async function confirmed(
  rooms: UploadRooms,
  placed: PlacedChunk,
  texts: ChunkTexts,
  call: Call,
): Promise<ChunkReservation> {
  if (placed.isFoundBy(texts) || placed.isAt(await findTarget(rooms, texts, call))) return placed.reservation;
  /* Before another place is looked for: it may be at the same handler, and two calls might wait for each other's. */
  await placed.release();
  const other = await place(rooms, texts, call);
  await other.release();
  throw new Failure(
    'The chunk came before the ticket and the handler it is for. Send authenticationTicket and uploadHandler before fileChunk.',
  );
}

function chunkAnswer(outcome: ChunkOutcome): Result {
  if (outcome.kind === 'taken') {
    const last = outcome.fileCrc32 === undefined ? {} : { filehexcrc: upperHex(outcome.fileCrc32) };
    return elementResult('root', { success: 'true', tryagain: 'false', ...last });
  }
  return elementResult('root', {
    success: 'false',
    tryagain: 'true',
    error:
      `The CRC32 of the chunk is ${upperHex(outcome.computed)}, but it was given as ${upperHex(outcome.claimed)}. ` +
      'Send the chunk again.',
  });
}

/** Makes a complete upload into a version; the handler is consumed. */
async function commitHandler(
  rooms: UploadRooms,
  args: { authenticationTicket: string; uploadHandler: string },
  target: CommitTarget,
  properties: () => VersionProperties,
  call: Call,
): Promise<Result> {
  const session = await authenticate(rooms.sessions, args.authenticationTicket, call);
  const event = commitEvent(session, target);
  const commit = await recorded(rooms.audit, call, event, () =>
    withinSession(rooms.sessions, args.authenticationTicket, async () => {
      const staged = await rooms.uploads.staged(session.id, requireHandler(args.uploadHandler), call);
      return rooms.commits.commitVersion(
        session.user,
        target,
        staged,
        properties(),
        (trx) => rooms.uploads.consume(trx, session.id, staged.id),
        (trx, done) => rooms.audit.record(trx, call, { ...event, ...done }),
      );
    }),
  );
  return commitAnswer(commit);
}

/** What the audit is told of a commit, before it is known what came of it. */
function commitEvent({ id }: Session, target: CommitTarget): AuditedEvent {
  const subject = plainPath('path' in target ? target.path : `${target.folderPath}/${target.documentName}`);
  return { action: 'commit', sessionId: id, subject };
}

function commitAnswer(commit: Commit): Result {
  return elementResult('root', {
    success: 'true',
    DocumentId: String(commit.documentId),
    VersionId: String(commit.version),
  });
}

function requireHandler(text: string): Guid {
  const id = parseGuid(text);
  if (!id) throw invalidUploadHandler();
  return id;
}

interface DocumentArguments {
  readonly authenticationTicket: string;
  readonly path: string;
  readonly fileContent: Payload;
}

/** UploadDocument and its variants: they differ in what they say about the version. */
function uploadInOneCall<Arguments extends DocumentArguments>(
  rooms: UploadRooms,
  properties: (args: Arguments) => VersionProperties,
): Operation<Arguments> {
  const { audit, commits, contents, maxDocumentSize, sessions, staged, unclaimed } = rooms;
  const open = async ({ user }: Session): Promise<DirectUpload> =>
    DirectUpload.open(contents, unclaimed, staged.begin(user.id));
  return {
    root: 'root',
    content: {
      limit: maxDocumentSize,
      place: async ({ authenticationTicket, path }, call) => {
        if (!authenticationTicket) return undefined;
        const session = await authenticate(sessions, authenticationTicket, call);
        if (path !== undefined) {
          const event = commitEvent(session, { path });
          await recorded(audit, call, event, () => commits.requireTarget(session.user, { path }));
        }
        return open(session);
      },
    },
    run: async (args, call) => {
      const session = await authenticate(sessions, args.authenticationTicket, call);
      const { fileContent, path } = args;
      if (fileContent.length > maxDocumentSize) {
        throw new Failure(`The document is larger than ${maxDocumentSize} bytes. Upload it in chunks.`);
      }
      const upload = fileContent.placement instanceof DirectUpload ? fileContent.placement : await open(session);
      try {
        if (upload !== fileContent.placement) await fileContent.copyTo(upload);
        await upload.sync();
        const content = { id: upload.id, size: fileContent.length, crc32: fileContent.crc32 };
        const event = commitEvent(session, { path });
        const commit = await recorded(audit, call, event, async () =>
          commits.commitVersion(
            session.user,
            { path },
            content,
            properties(args),
            async (trx) => {
              await requireSession(trx, session.id);
              await upload.claim(trx);
            },
            (trx, done) => audit.record(trx, call, { ...event, ...done }),
          ),
        );
        upload.claimed();
        return commitAnswer(commit);
      } finally {
        if (upload !== fileContent.placement) await upload.release();
      }
    },
  };
}
