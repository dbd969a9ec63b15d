import type { Sessions } from '../accounts/sessions.js';
import { MarkupPages, type Page } from '../contract/markup-pages.js';
import { type ContentSource, type Element, elementResult } from '../contract/result.js';
import type { Document } from '../library/document.js';
import type { Documents, HistoryEntry } from '../library/documents.js';
import type { Folders } from '../library/folders.js';
import { plainPath } from '../library/paths.js';
import type { AuditTrail } from '../storage/audit-trail.js';
import { paddedHex } from '../values/crc32.js';
import { Failure } from '../values/failure.js';
import { FairGate } from '../values/fair-gate.js';
import { LongWork } from '../values/long-work.js';
import { PRODUCT_VERSION } from '../values/product-version.js';
import { authenticate } from './authenticate.js';
import { formatTime } from './date-format.js';
import type { Operations } from './operation.js';
import { recorded } from './recorded.js';

export type LibraryOperations = Pick<
  Operations,
  'CreateFolder' | 'FolderExists' | 'DocumentExists' | 'GetDocumentVersions' | 'ServerInfo'
>;

/** What the server says about itself. */
export interface ServerIdentity {
  readonly company: string;
  readonly serverName: string;
}

export interface LibraryOperationsRooms {
  readonly audit: AuditTrail;
  readonly sessions: Sessions;
  readonly folders: Folders;
  readonly documents: Documents;
  readonly identity: ServerIdentity;
  /** The time, ms since 1970 UTC. */
  readonly now: () => number;
}

/** The operations of CONTRACT, Library. */
export function libraryOperations(rooms: LibraryOperationsRooms): LibraryOperations {
  const { audit, sessions, folders, documents, identity, now } = rooms;
  const reading = new FairGate({ width: 1 });
  const measuring = new FairGate({
    width: MEASURED_AT_ONCE,
    bound: {
      places: MOST_WAITING,
      refusal: () => new Failure('Too many long histories of versions are being read. Try again in a moment.'),
    },
  });
  return {
    CreateFolder: {
      root: 'response',
      run: async ({ authenticationTicket, Path }, call) => {
        const { user } = await authenticate(sessions, authenticationTicket, call);
        const event = { action: 'create folder', subject: plainPath(Path) } as const;
        const folder = await recorded(audit, call, event, () =>
          folders.createPath(user, Path, (trx, { id }) => audit.record(trx, call, { ...event, folderId: id })),
        );
        return elementResult('response', { success: 'true', FolderId: String(folder.id), FolderName: folder.name });
      },
    },
    FolderExists: {
      root: 'response',
      isRead: true,
      run: async ({ authenticationTicket, Path }, call) => {
        const { user } = await authenticate(sessions, authenticationTicket, call);
        await folders.resolve(user, Path);
        return elementResult('response', { success: 'true' });
      },
    },
    DocumentExists: {
      root: 'response',
      isRead: true,
      run: async ({ authenticationTicket, Path }, call) => {
        const { user } = await authenticate(sessions, authenticationTicket, call);
        const document = await documents.resolve(user, Path);
        const published = await documents.published(document);
        return elementResult('response', {
          success: 'true',
          CRC32LASTVERSION: paddedHex(document.latest.crc32),
          /* Of the version that is published; empty when none is. */
          CRC32: published ? paddedHex(published.crc32) : '',
        });
      },
    },
    GetDocumentVersions: {
      root: 'response',
      isRead: true,
      run: async ({ AuthenticationTicket, Path }, call) => {
        const { user } = await authenticate(sessions, AuthenticationTicket, call);
        const document = await documents.resolve(user, Path);
        const work = new LongWork(call.gone);
        const children = await history(documents, document, {
          readInTurn: (read) => reading.run(String(user.id), () => readForOthersToo(work, read), call),
          measureInTurn: (measure) => measuring.run(String(user.id), measure, call),
        });
        const versions = { name: 'Versions', attributes: {}, children };
        return elementResult('response', { success: 'true' }, [versions]);
      },
    },
    ServerInfo: {
      root: 'root',
      run: () => {
        const time = now();
        const ahead = -new Date(time).getTimezoneOffset();
        return Promise.resolve(
          elementResult('root', {
            success: 'true',
            VersionNumber: PRODUCT_VERSION,
            Server_date_time: formatTime(time + ahead * 60_000).slice(0, -1),
            Coordinated_Universal_Time: formatTime(time),
            UTC_Offset: formatOffset(ahead),
            Company: identity.company,
            ServerName: identity.serverName,
          }),
        );
      },
    },
  };
}

/** How many long histories are measured at once, and how many wait for it, by turns of their users: each takes the processor for as long as it gets it. */
const MEASURED_AT_ONCE = 2;
const MOST_WAITING = 200;

/** Versions read at a time. With the longest comments there may be, they take two megabytes. */
const PAGE = 100;

/** How a history is read: each page takes the processor for some milliseconds, and anybody may ask for any number at once. */
interface HistoryReading {
  /** Also for the pages of an answer that is being sent: one at a time is read, whoever they are for. */
  readonly readInTurn: (read: () => Promise<Page<number>>) => Promise<Page<number>>;
  readonly measureInTurn: (measure: () => Promise<ContentSource>) => Promise<ContentSource>;
}

/** Reads a page, and lets others have their turns in proportion to what it took: a page of versions with long comments takes as long as many calls. */
async function readForOthersToo(work: LongWork, read: () => Promise<Page<number>>): Promise<Page<number>> {
  await work.pause();
  const page = await read();
  await work.largeStep(page.elements.length);
  return page;
}

/**
 * All versions of a document, the latest first. There may be any number, of which this process holds a page in memory at a time; those
 * committed meanwhile are not among them. No async function: that would keep the first page for as long as it waits for its turn to measure all.
 */
function history(
  documents: Documents,
  document: Document,
  { measureInTurn, readInTurn }: HistoryReading,
): Promise<readonly Element[] | readonly [ContentSource]> {
  const latest = document.latest.number;
  const read = (upTo: number): Promise<Page<number>> =>
    readInTurn(async () => {
      const entries = await documents.history(document, upTo, PAGE);
      const last = entries.length < PAGE ? undefined : entries.at(-1);
      return { elements: entries.map(versionElement), next: last && last.number - 1 };
    });
  const measured = (): Promise<ContentSource> => measureInTurn(() => MarkupPages.measure(latest, read));
  return read(latest).then(({ elements, next }) =>
    next === undefined ? elements : measured().then((content) => [content] as const),
  );
}

/**
 * A version as GetDocumentVersions lists it: numbers in decimal, CheckSum as CRC32 is everywhere, times as .NET writes a UTC time
 * into XML. What there is not is an empty element: this server has no approvals.
 */
function versionElement(entry: HistoryEntry): Element {
  return {
    name: 'Version',
    attributes: { Number: String(entry.number) },
    children: [
      textElement('VersionAuthor', entry.authorName),
      textElement('VersionAuthorId', String(entry.authorId)),
      textElement('VersionSize', String(entry.size)),
      textElement('CheckSum', paddedHex(entry.crc32)),
      textElement('DateCreated', formatTime(entry.createdAt)),
      textElement('DatePublished', entry.publishedAt === undefined ? '' : formatTime(entry.publishedAt)),
      textElement('Comment', entry.comment),
      textElement('ApprovalStatus', ''),
      textElement('ApprovalDate', ''),
    ],
  };
}

function textElement(name: string, text: string): Element {
  return { name, attributes: {}, children: text === '' ? [] : [text] };
}

/** `+02:00`, from minutes ahead of UTC. */
function formatOffset(minutes: number): string {
  const distance = Math.abs(minutes);
  const part = (value: number): string => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${part(Math.floor(distance / 60))}:${part(distance % 60)}`;
}
