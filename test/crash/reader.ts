import type { Random } from '../fuzz/random.js';
import { bytesOf, type Content } from './cargo.js';
import type { DocumentEntry, Ledger } from './ledger.js';
import type { Line } from './line.js';
import { readDownload, requireSame } from './reading.js';
import type { Settlements } from './settlements.js';
import { Violation } from './violation.js';

/** Documents that are read after every kill beside those committed since the one before. */
const SAMPLE = 4;

export interface ReaderOptions {
  readonly ledger: Ledger;
  /** A session that ought to survive everything. */
  readonly ticket: string;
  readonly random: Random;
  readonly settlements: Settlements;
}

/** Reads by way of the server what was committed, and what downloads show. */
export class Reader {
  readonly #options: ReaderOptions;
  #versions = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Versions that were read and found right, each as often as it was. */
  get versions(): number {
    return this.#versions;
  }

  /** What is new, and some of the rest. @throws Violation */
  async readSome(line: Line): Promise<void> {
    const { ledger, random } = this.#options;
    const all = [...ledger.documents.values()];
    const sample = all.length === 0 ? [] : Array.from({ length: SAMPLE }, () => random.pick(all));
    for (const document of new Set([...ledger.fresh, ...sample])) await this.#readDocument(line, document, 3);
    ledger.fresh.clear();
    for (const session of ledger.sessions) {
      const downloads = [...session.downloads];
      if (downloads.length > 0) await readDownload(line, session.ticket, random.pick(downloads));
    }
  }

  /** @throws Violation */
  async readAll(line: Line): Promise<void> {
    const { ledger } = this.#options;
    for (const document of ledger.documents.values()) await this.#readDocument(line, document, Infinity);
    for (const { downloads, ticket } of ledger.sessions) {
      for (const download of downloads) await readDownload(line, ticket, download);
    }
  }

  /** All versions are listed as they were committed; the newest of them are read. */
  async #readDocument(line: Line, { path, versions }: DocumentEntry, most: number): Promise<void> {
    const { settlements, ticket } = this.#options;
    const newestFirst = [...versions].sort(([a], [b]) => b - a);
    const list = await line.fetch('GetDocumentVersions', { AuthenticationTicket: ticket, Path: path });
    const listed = describeList(list.toString());
    const expected = newestFirst.map(([number, content]) => describe(number, content));
    if (listed.sort().join() !== expected.sort().join()) {
      throw new Violation(`The versions of ${path} are listed as ${listed.join()} instead of ${expected.join()}.`);
    }
    for (const [number, { pieces }] of newestFirst.slice(0, most)) {
      const args = { AuthenticationTicket: ticket, Path: path, VersionNumber: number };
      const found = await line.fetch('DownloadDocumentVersion', args);
      requireSame(`The document ${path}, version ${number},`, found, bytesOf(pieces));
      settlements.addCompared(found.length);
      this.#versions++;
    }
  }
}

const VERSION = /<Version Number="(\d+)">.*?<VersionSize>(\d+)<\/VersionSize>.*?<CheckSum>(\w+)<\/CheckSum>/gs;

function describeList(answer: string): string[] {
  return [...answer.matchAll(VERSION)].map(([, number = '', size = '', crc32 = '']) => `${number}:${size}:${crc32}`);
}

function describe(number: number, { crc32, length }: Content): string {
  return `${number}:${length}:${crc32.toString(16).padStart(8, '0')}`;
}
