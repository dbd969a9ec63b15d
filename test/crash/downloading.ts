import type { Answer } from '../../scripts/client/answer.js';
import { bytesOf, contentOf } from './cargo.js';
import { type Desk, settledDocuments } from './client.js';
import type { DownloadEntry, ShownZip } from './ledger.js';
import { readDownload, requireRange } from './reading.js';

/** Downloads a client has open at most. */
const MOST_OPEN = 5;

/** Documents in a zip at most. */
const MOST_ZIPPED = 6;

/** Downloads of versions and of zips. */
export class Downloading {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Some version of some document. */
  async open(): Promise<void> {
    const { line, random, session } = this.#desk;
    const documents = settledDocuments(this.#desk, '/');
    if (session.downloads.size >= MOST_OPEN) return this.discard();
    if (documents.length === 0) return;
    const { path, versions } = random.pick(documents);
    const [number, content] = random.pick([...versions]);
    const args = {
      AuthenticationTicket: session.ticket,
      Path: path,
      VersionNumber: number,
      PreferedChunkSize: 0,
    };
    await this.#begin({ kind: 'version', content }, () => line.call('GetDownloadHandlerByVersion', args));
  }

  /** Some documents of this client's: nobody adds versions to them meanwhile. */
  async openZip(): Promise<void> {
    const { home, line, random, session } = this.#desk;
    const documents = settledDocuments(this.#desk, `${home}-`);
    if (session.downloads.size >= MOST_OPEN) return this.discard();
    if (documents.length === 0) return;
    const chosen = new Set(Array.from({ length: 1 + random.below(MOST_ZIPPED) }, () => random.pick(documents)));
    const entries: ShownZip['entries'] = new Map(
      [...chosen].map(({ path, versions }) => [
        path.slice('/Public/'.length),
        versions.get(Math.max(...versions.keys())) ?? contentOf([]),
      ]),
    );
    const args = {
      authenticationTicket: session.ticket,
      Paths: [...chosen].map(({ path }) => path).join('|'),
      partialResult: false,
    };
    await this.#begin({ kind: 'zip', entries, crc32: undefined }, () => line.call('DownloadZipWithHandler', args));
  }

  /** A handler is in doubt as long as its answer has not come. */
  async #begin(shows: DownloadEntry['shows'], call: () => Promise<Answer>): Promise<void> {
    const { ledger, session } = this.#desk;
    const doubtful = ledger.doubtfulHandlers(session.user);
    doubtful.downloads++;
    const { attributes } = await call();
    doubtful.downloads--;
    session.downloads.add({ handler: attributes['downloadhandler'] ?? '', shows, isEnding: false });
  }

  /** Some bytes of a version, or a whole zip. */
  async read(): Promise<void> {
    const { line, random, session } = this.#desk;
    const download = this.#pick();
    if (!download) return;
    const { shows } = download;
    if (shows.kind === 'zip' || shows.content.length === 0) return readDownload(line, session.ticket, download);
    const bytes = bytesOf(shows.content.pieces);
    await requireRange(line, session.ticket, download.handler, {
      file: bytes,
      offset: random.below(bytes.length),
      length: 1 + random.below(200_000),
    });
  }

  async discard(): Promise<void> {
    const { ledger, line, session } = this.#desk;
    const download = this.#pick();
    if (!download) return;
    download.isEnding = true;
    await line.call('DeleteDownloadHandler', {
      authenticationTicket: session.ticket,
      DownloadHandler: download.handler,
    });
    ledger.endDownload(session, download, 'was deleted');
  }

  #pick(): DownloadEntry | undefined {
    const { random, session } = this.#desk;
    const choices = [...session.downloads].filter((download) => !download.isEnding);
    return choices.length === 0 ? undefined : random.pick(choices);
  }
}
