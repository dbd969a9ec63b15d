import { isDeepStrictEqual } from 'node:util';
import { bytesOf, type Content, crc32Of, lengthOf } from './cargo.js';
import type { DocumentEntry, Ledger, SessionEntry, UploadDoubt, UploadEntry } from './ledger.js';
import type { Line } from './line.js';
import { requireSame } from './reading.js';
import { contentBytes, type RecordedUpload, type RecordedVersion, type Records } from './records.js';
import type { Settlements } from './settlements.js';
import { Violation } from './violation.js';

const FIRST_VERSION = 1_000_000;

export interface InspectionOptions {
  readonly ledger: Ledger;
  readonly records: Records;
  /** The data directory. */
  readonly data: string;
  readonly line: Line;
  readonly settlements: Settlements;
  /** The server has been started since anybody called: nothing may be half made. */
  readonly isFresh: boolean;
}

/**
 * Compares what the ledger says with what lies in the data directory, while nobody calls. What is in doubt is either there as a whole or not
 * at all; the ledger knows which afterwards.
 */
export class Inspection {
  readonly #options: InspectionOptions;

  constructor(options: InspectionOptions) {
    this.#options = options;
  }

  /** @throws Violation at the first promise that was not kept. */
  async run(): Promise<void> {
    await this.#settleSessions();
    this.#requireNothingDeleted();
    for (const session of this.#options.ledger.sessions) {
      for (const upload of session.uploads) await this.#inspectUpload(session, upload);
      this.#inspectDownloads(session);
    }
    this.#requireNoOtherHandlers();
    this.#inspectDocuments();
    this.#inspectFolders();
    this.#inspectFiles();
    this.#inspectAudit();
  }

  async #settleSessions(): Promise<void> {
    const { ledger, settlements } = this.#options;
    for (const session of ledger.sessions) {
      const isValid = await this.#isValid(session.ticket);
      if (session.isEnding) {
        settlements.note('LogOut', !isValid);
        session.isEnding = false;
        if (!isValid) ledger.endSession(session);
      } else if (!isValid) {
        throw new Violation(`A session of ${session.user} is lost.`);
      }
    }
    for (const ticket of ledger.endedTickets.splice(0)) {
      if (await this.#isValid(ticket)) throw new Violation('A session that was ended is there again.');
    }
  }

  async #isValid(ticket: string): Promise<boolean> {
    const { attributes } = await this.#options.line.ask('isValidTicket', { AuthenticationTicket: ticket });
    if (attributes['success'] === 'true') return true;
    if (attributes['error']?.startsWith('[901]')) return false;
    throw new Violation(`isValidTicket is answered with ${attributes['error'] ?? ''}.`);
  }

  #requireNothingDeleted(): void {
    const { ledger, records } = this.#options;
    for (const [handler, why] of ledger.gone) {
      if (!records.uploads.has(handler) && !records.downloads.has(handler)) continue;
      throw new Violation(`The handler ${handler}, which ${why}, is there.`);
    }
    ledger.gone.clear();
  }

  async #inspectUpload(session: SessionEntry, upload: UploadEntry): Promise<void> {
    const { ledger, records } = this.#options;
    const record = records.uploads.get(upload.handler);
    const { doubt } = upload;
    upload.doubt = undefined;
    if (doubt?.kind === 'chunk') {
      this.#settleChunk(upload, doubt, record);
    } else if (doubt) {
      this.#settleEnd(upload, doubt, record);
      if (!record) {
        ledger.endUpload(session, upload, doubt.kind === 'commit' ? 'was committed' : 'was deleted');
        return;
      }
    }
    await this.#requireStaged(upload, record);
  }

  #settleChunk(upload: UploadEntry, doubt: UploadDoubt & { kind: 'chunk' }, record: RecordedUpload | undefined): void {
    const next = doubt.piece;
    const before = lengthOf(upload.pieces);
    /* An empty chunk leaves a trace only as the last. */
    const wasTaken = next.length > 0 ? record?.length === before + next.length : record?.isComplete === true;
    this.#options.settlements.note('UploadFileChunk', wasTaken);
    if (!wasTaken) return;
    upload.pieces.push(next);
    upload.isComplete = doubt.isLast;
    upload.damaged = undefined;
  }

  /** A commit takes the handler and makes the version, or does neither. */
  #settleEnd(upload: UploadEntry, { kind }: UploadDoubt, record: RecordedUpload | undefined): void {
    const { records, settlements } = this.#options;
    settlements.note(kind === 'commit' ? 'UploadDocumentWithHandler' : 'DeleteUploadHandler', !record);
    if (kind === 'deletion') return;
    const isVersion = allVersions(records).some(({ contentId }) => contentId === upload.handler);
    if (isVersion && record) throw new Violation(`The upload ${upload.handler} is a version and still an upload.`);
    if (!isVersion && !record) {
      throw new Violation(`The upload ${upload.handler} was neither committed nor kept: it was asked to be committed.`);
    }
  }

  /** What was acknowledged is recorded, and the bytes are there. */
  async #requireStaged(
    { handler, isComplete, pieces }: UploadEntry,
    record: RecordedUpload | undefined,
  ): Promise<void> {
    const expected = bytesOf(pieces);
    if (!record) throw new Violation(`The upload ${handler} with ${expected.length} acknowledged bytes is lost.`);
    if (record.length !== expected.length) {
      throw new Violation(`The upload ${handler} has ${record.length} bytes instead of ${expected.length}.`);
    }
    if (record.isComplete !== isComplete) {
      throw new Violation(
        `The upload ${handler} is ${isComplete ? 'not complete, and was' : 'complete, and was not'}.`,
      );
    }
    if (record.crc32 !== crc32Of(expected)) {
      throw new Violation(
        `The upload ${handler} is recorded with the CRC32 ${record.crc32} instead of ${crc32Of(expected)}.`,
      );
    }
    const found = await contentBytes(this.#options.data, handler, record.length);
    requireSame(`The staged file of the upload ${handler}`, found, expected);
    this.#options.settlements.addCompared(found.length);
  }

  #inspectDownloads(session: SessionEntry): void {
    const { ledger, records, settlements } = this.#options;
    for (const download of session.downloads) {
      const record = records.downloads.get(download.handler);
      if (download.isEnding) {
        settlements.note('DeleteDownloadHandler', !record);
        download.isEnding = false;
        if (!record) {
          ledger.endDownload(session, download, 'was deleted');
          continue;
        }
      }
      if (!record) throw new Violation(`The download ${download.handler} is lost.`);
      if (!records.files.has(record.contentId)) throw new Violation(`The content of ${download.handler} is lost.`);
      if (record.ownsContent !== (download.shows.kind === 'zip')) {
        throw new Violation(
          `The download ${download.handler} of a ${download.shows.kind} is recorded as another kind.`,
        );
      }
    }
  }

  /** Each handler is known, or came of a call in doubt. */
  #requireNoOtherHandlers(): void {
    const { ledger, records, settlements } = this.#options;
    const sessions = [...ledger.sessions];
    const users = new Set(sessions.map((session) => session.user));
    const uploads = new Set(sessions.flatMap((session) => [...session.uploads].map((each) => each.handler)));
    const downloads = new Set(sessions.flatMap((session) => [...session.downloads].map((each) => each.handler)));
    for (const [handler, { length, user }] of records.uploads) {
      if (uploads.has(handler) || ledger.strays.has(handler)) continue;
      this.#adoptStray(handler, user, 'uploads');
      if (length > 0)
        throw new Violation(`The upload ${handler} of ${user}, whom nobody told of it, has ${length} bytes.`);
    }
    for (const [handler, { user }] of records.downloads) {
      if (!downloads.has(handler) && !ledger.strays.has(handler)) this.#adoptStray(handler, user, 'downloads');
    }
    for (const user of users) {
      const doubtful = ledger.doubtfulHandlers(user);
      for (; doubtful.uploads > 0; doubtful.uploads--) settlements.note('CreateUploadHandler', false);
      for (; doubtful.downloads > 0; doubtful.downloads--) settlements.note('opening a download', false);
    }
  }

  #adoptStray(handler: string, user: string, kind: 'uploads' | 'downloads'): void {
    const { ledger, settlements } = this.#options;
    const doubtful = ledger.doubtfulHandlers(user);
    if (doubtful[kind] === 0)
      throw new Violation(`There is a handler ${handler} among the ${kind} of ${user} that nobody made.`);
    doubtful[kind]--;
    ledger.strays.set(handler, user);
    settlements.note(kind === 'uploads' ? 'CreateUploadHandler' : 'opening a download', true);
  }

  #inspectDocuments(): void {
    const { ledger, records, settlements } = this.#options;
    for (const [path, versions] of records.documents) {
      const entry = ledger.documents.get(path);
      if (!entry) throw new Violation(`There is a document ${path} that nobody committed.`);
      if (versions.size === 0) throw new Violation(`The document ${path} is there without a version.`);
      for (const [number, version] of versions) this.#inspectVersion(entry, number, version);
      const numbers = [...versions.keys()].sort((a, b) => a - b);
      const expected = numbers.map((_, n) => FIRST_VERSION + n);
      if (!isDeepStrictEqual(numbers, expected)) {
        throw new Violation(`The document ${path} has the versions ${numbers.join(', ')}.`);
      }
    }
    for (const entry of ledger.documents.values()) {
      const found = records.documents.get(entry.path);
      const lost = [...entry.versions.keys()].filter((number) => !found?.has(number));
      if (lost.length > 0) throw new Violation(`The document ${entry.path} has lost the versions ${lost.join(', ')}.`);
      for (const doubt of entry.doubts) {
        settlements.note('a version', false);
        entry.doubts.delete(doubt);
      }
      if (entry.versions.size === 0) ledger.documents.delete(entry.path);
    }
  }

  #inspectVersion(entry: DocumentEntry, number: number, version: RecordedVersion): void {
    const { ledger, records, settlements } = this.#options;
    const what = `The document ${entry.path}, version ${number},`;
    if (!records.files.has(version.contentId)) throw new Violation(`${what} has lost its content.`);
    const told = entry.versions.get(number);
    if (told) {
      if (isVersionOf(version, told)) return;
      throw new Violation(
        `${what} is recorded with ${JSON.stringify(version)} instead of ${told.length} bytes with the CRC32 ${told.crc32}.`,
      );
    }
    const doubt = [...entry.doubts].find((content) => isVersionOf(version, content));
    if (!doubt) throw new Violation(`${what} is there and nobody committed it: ${JSON.stringify(version)}.`);
    settlements.note('a version', true);
    entry.doubts.delete(doubt);
    entry.versions.set(number, doubt);
    ledger.fresh.add(entry);
  }

  #inspectFolders(): void {
    const { ledger, records, settlements } = this.#options;
    for (const group of ledger.doubtfulFolders) {
      const made = group.filter((path) => records.folders.has(path));
      if (made.length > 0 && made.length < group.length) {
        throw new Violation(`Of the folders ${group.join(', ')} only ${made.join(', ')} were made.`);
      }
      for (const path of made) ledger.folders.add(path);
      settlements.note('CreateFolder', made.length > 0);
    }
    ledger.doubtfulFolders.clear();
    for (const path of ledger.folders) {
      if (!records.folders.has(path)) throw new Violation(`The folder ${path} is lost.`);
    }
    for (const path of records.folders) {
      if (!ledger.folders.has(path)) throw new Violation(`There is a folder ${path} that nobody made.`);
    }
  }

  /** Each file has a record. Where a worker was killed alone, what it was making goes at the next start. */
  #inspectFiles(): void {
    const { isFresh, records } = this.#options;
    if (isFresh && records.unclaimed.size > 0) {
      throw new Violation(`After a start there are unclaimed contents: ${[...records.unclaimed].join(', ')}.`);
    }
    const named = new Set([
      ...records.uploads.keys(),
      ...[...records.downloads.values()].map(({ contentId }) => contentId),
      ...allVersions(records).map(({ contentId }) => contentId),
      ...records.unclaimed,
    ]);
    for (const file of records.files) {
      if (!named.has(file)) throw new Violation(`The file ${file} lies in the content store without a record.`);
    }
  }

  #inspectAudit(): void {
    const { audited, versions } = this.#options.records;
    if (isDeepStrictEqual([...audited].sort(), [...versions].sort())) return;
    const missing = versions.filter((version) => !audited.includes(version));
    const tooMuch = audited.filter((version, at) => !versions.includes(version) || audited.indexOf(version) !== at);
    throw new Violation(
      `The audit does not tell of the versions ${missing.join(', ') || '(none)'}, and tells of ${tooMuch.join(', ') || 'none'} that are not there.`,
    );
  }
}

function allVersions({ documents }: Records): RecordedVersion[] {
  return [...documents.values()].flatMap((versions) => [...versions.values()]);
}

function isVersionOf({ crc32, size }: RecordedVersion, content: Content): boolean {
  return size === content.length && crc32 === content.crc32;
}
