import type { Content, Piece } from './cargo.js';

/* What the server has acknowledged, and what it was asked and did not answer: that is in doubt until it is looked at, and neither used
 * nor asked again before. */

/** A session and its handlers. */
export interface SessionEntry {
  readonly user: string;
  readonly ticket: string;
  readonly uploads: Set<UploadEntry>;
  readonly downloads: Set<DownloadEntry>;
  /** A log-out is in doubt. */
  isEnding: boolean;
}

export interface UploadEntry {
  readonly handler: string;
  /** The chunks that were acknowledged. */
  readonly pieces: Piece[];
  /** Whether the last of them was the last chunk. */
  isComplete: boolean;
  /** What has to be sent next because it was sent damaged. */
  damaged: Piece | undefined;
  doubt: UploadDoubt | undefined;
}

export type UploadDoubt =
  | { readonly kind: 'chunk'; readonly piece: Piece; readonly isLast: boolean }
  | { readonly kind: 'deletion' }
  | { readonly kind: 'commit' };

export interface DownloadEntry {
  readonly handler: string;
  readonly shows: ShownVersion | ShownZip;
  /** A deletion is in doubt. */
  isEnding: boolean;
}

export interface ShownVersion {
  readonly kind: 'version';
  readonly content: Content;
}

export interface ShownZip {
  readonly kind: 'zip';
  /** The names in the zip, and what is in them. */
  readonly entries: ReadonlyMap<string, Content>;
  /** Of the zip itself, once it has been read. */
  crc32: number | undefined;
}

export interface DocumentEntry {
  readonly path: string;
  /** By their numbers. */
  readonly versions: Map<number, Content>;
  /** What commits in doubt were to make. */
  readonly doubts: Set<Content>;
}

/** How many handlers a user asked for without being told their names. */
export interface DoubtfulHandlers {
  uploads: number;
  downloads: number;
}

/** All there is to be, whoever made it. */
export class Ledger {
  readonly sessions = new Set<SessionEntry>();
  readonly documents = new Map<string, DocumentEntry>();
  readonly folders = new Set<string>();
  /** Folders that one call was to make: all of them or none. */
  readonly doubtfulFolders = new Set<readonly string[]>();
  /** Handlers that are no more, and why. */
  readonly gone = new Map<string, string>();
  /** Tickets that are worth nothing any more. */
  readonly endedTickets: string[] = [];
  /** Handlers nobody was told of, that came of calls in doubt: by their names, the user. They go with a session. */
  readonly strays = new Map<string, string>();
  readonly #doubtfulHandlers = new Map<string, DoubtfulHandlers>();
  /** What was committed since it was last looked at. */
  readonly fresh = new Set<DocumentEntry>();

  openSession(user: string, ticket: string): SessionEntry {
    const session = {
      user,
      ticket,
      uploads: new Set<UploadEntry>(),
      downloads: new Set<DownloadEntry>(),
      isEnding: false,
    };
    this.sessions.add(session);
    return session;
  }

  endSession(session: SessionEntry): void {
    for (const upload of session.uploads) this.endUpload(session, upload, 'went with its session');
    for (const download of session.downloads) this.endDownload(session, download, 'went with its session');
    for (const [handler, user] of this.strays) if (user === session.user) this.strays.delete(handler);
    this.sessions.delete(session);
    this.endedTickets.push(session.ticket);
  }

  endUpload(session: SessionEntry, upload: UploadEntry, why: string): void {
    session.uploads.delete(upload);
    this.gone.set(upload.handler, why);
  }

  endDownload(session: SessionEntry, download: DownloadEntry, why: string): void {
    session.downloads.delete(download);
    this.gone.set(download.handler, why);
  }

  /** The document with a path, which may have to come yet. */
  document(path: string): DocumentEntry {
    const known = this.documents.get(path);
    if (known) return known;
    const entry = { path, versions: new Map<number, Content>(), doubts: new Set<Content>() };
    this.documents.set(path, entry);
    return entry;
  }

  doubtfulHandlers(user: string): DoubtfulHandlers {
    const known = this.#doubtfulHandlers.get(user);
    if (known) return known;
    const none = { uploads: 0, downloads: 0 };
    this.#doubtfulHandlers.set(user, none);
    return none;
  }
}
