import fs from 'node:fs';
import path from 'node:path';
import { ContentCheck } from '../../../src/library/content-check.js';
import type { Rooms } from '../../../src/rooms.js';
import type { ContentStore } from '../../../src/storage/content-store.js';
import type { Database } from '../../../src/storage/database.js';
import type { UploadHandlersTable } from '../../../src/storage/schema.js';
import type { Guid } from '../../../src/values/guid.js';
import { OperationClient } from '../operation-client.js';
import {
  chunkArguments,
  progressAt,
  type Story,
  type ToldChunk,
  type ToldDocument,
  type ToldUpload,
  type ToldZip,
} from './story.js';

/** Ends an upload. */
const LAST_CHUNK = { bytes: Buffer.alloc(0) };

/** A server that was started on what a cut left. */
export interface Survivor {
  readonly database: Database;
  readonly contents: ContentStore;
  readonly contentDirectory: string;
  readonly rooms: Rooms;
  /** Whether the process was killed and the machine went on: then nothing that was acknowledged may be lost. */
  readonly isCrash: boolean;
}

export interface AftermathOptions {
  readonly survivor: Survivor;
  readonly story: Story;
  /** The moment of the cut. */
  readonly moment: number;
  /** What there was when the story began. */
  readonly before: readonly ToldDocument[];
  /** The session of the story. */
  readonly ticket: string;
}

/** Looks for promises that were broken. */
export class Aftermath {
  readonly #options: AftermathOptions;
  readonly #findings: string[] = [];

  constructor(options: AftermathOptions) {
    this.#options = options;
  }

  /** A line for each. None: all were kept. */
  async findings(): Promise<readonly string[]> {
    const { story } = this.#options;
    await this.#check('after the start');
    await this.#lookAtDocuments();
    for (const zip of story.zips) await this.#lookAtZip(zip);
    for (const upload of story.uploads) await this.#lookAtUpload(upload);
    await this.#check('at the end');
    return this.#findings;
  }

  async #check(when: string): Promise<void> {
    const { contents, database } = this.#options.survivor;
    for await (const finding of new ContentCheck(database.queries, contents).findings())
      this.#find(`${when}: ${finding.text}`);
  }

  async #lookAtDocuments(): Promise<void> {
    const { before, moment, story } = this.#options;
    const told = [...before, ...story.documents];
    const there = await this.#versions();
    for (const document of told.filter((each) => progressAt(each, moment) === 'done')) {
      if (!there.some((version) => isSame(version, document))) this.#find(`${document.path} is lost`);
    }
    const begun = told.filter((each) => progressAt(each, moment) !== 'to come');
    for (const version of there) {
      if (!begun.some((document) => isSame(version, document))) this.#find(`${version.name} is what nobody made`);
    }
  }

  async #lookAtZip(zip: ToldZip): Promise<void> {
    const { moment, survivor } = this.#options;
    if (progressAt(zip, moment) !== 'done') return;
    const row = await survivor.database.queries
      .selectFrom('download_handlers')
      .select(['content_id', 'size'])
      .where('id', '=', zip.id as Guid)
      .executeTakeFirst();
    const deletion = progressAt(zip.deleted, moment);
    if (!row) {
      if (this.#mustKeep && deletion === 'to come') this.#find('a zip is lost');
    } else {
      if (this.#mustKeep && deletion === 'done') this.#find('a deleted zip is there');
      if (!this.#bytes(row.content_id, row.size).equals(zip.bytes)) this.#find('a zip has other bytes');
    }
  }

  async #lookAtUpload(upload: ToldUpload): Promise<void> {
    const { moment, survivor } = this.#options;
    if (progressAt(upload, moment) !== 'done') return;
    const row = await survivor.database.queries
      .selectFrom('upload_handlers')
      .selectAll()
      .where('id', '=', upload.id as Guid)
      .executeTakeFirst();
    const deletion = progressAt(upload.deleted, moment);
    const commit = progressAt(upload.committed, moment);
    if (!row) {
      if (this.#mustKeep && deletion === 'to come' && commit === 'to come') this.#find('an upload is lost');
      return;
    }
    if (this.#mustKeep && deletion === 'done') this.#find('a deleted upload is there');
    if (commit === 'done') this.#find('a committed upload is there');
    const chunks = upload.chunks.filter((chunk) => progressAt(chunk, moment) !== 'to come');
    const bytes = Buffer.concat(chunks.map((chunk) => chunk.bytes));
    const underWay = chunks.filter((chunk) => progressAt(chunk, moment) === 'under way');
    const lengths = [bytes.length, ...underWay.map((chunk) => bytes.length - chunk.bytes.length)];
    if (!lengths.includes(row.length))
      this.#find(`an upload has ${row.length} bytes instead of ${lengths.join(' or ')}`);
    if (deletion === 'to come') await this.#finish(upload, row);
  }

  /** Goes on with an upload as its client would, and looks what becomes of it. */
  async #finish({ chunks }: ToldUpload, row: UploadHandlersTable): Promise<void> {
    const bytes = Buffer.concat(chunks.map((chunk) => chunk.bytes));
    if (!row.is_complete && !(await this.#sendRest(chunks, row))) return;
    const client = this.#client();
    const name = `${row.id}.bin`;
    const answer = await client.call('UploadDocumentWithHandler', { path: `/Public/${name}`, uploadHandler: row.id });
    const version = (await this.#versions()).find((each) => each.name === name);
    if (answer['success'] !== 'true') {
      if (this.#mustKeep) this.#find(`an upload is not committed: ${answer['error'] ?? ''}`);
    } else if (!version?.bytes.equals(bytes)) this.#find('an upload ended as another file');
  }

  /** Sends the chunks that are not recorded, and an empty one as the last. Returns whether they were taken. */
  async #sendRest(chunks: readonly ToldChunk[], { id, length }: UploadHandlersTable): Promise<boolean> {
    let recorded = length;
    for (const { bytes } of [...chunks, LAST_CHUNK]) {
      if (recorded > 0) {
        recorded -= bytes.length;
        continue;
      }
      const args = chunkArguments(id, bytes, bytes.length === 0);
      const answer = await this.#client().call('UploadFileChunk', args);
      if (answer['success'] === 'true') continue;
      if (this.#mustKeep) this.#find(`an upload does not go on: ${answer['error'] ?? ''}`);
      return false;
    }
    return true;
  }

  #client(): OperationClient {
    return new OperationClient(this.#options.survivor.rooms.operations, this.#options.ticket);
  }

  /** Whether what was acknowledged and not committed must be there: the power did not fail, or the server had stopped before. */
  get #mustKeep(): boolean {
    const { moment, story, survivor } = this.#options;
    return survivor.isCrash || progressAt(story.stopped, moment) === 'done';
  }

  async #versions(): Promise<{ name: string; bytes: Buffer }[]> {
    const rows = await this.#options.survivor.database.queries
      .selectFrom('versions')
      .innerJoin('documents', 'documents.id', 'document_id')
      .select(['name', 'content_id', 'size'])
      .execute();
    return rows.map(({ content_id, name, size }) => ({ name, bytes: this.#bytes(content_id, size) }));
  }

  /** Read past the server. */
  #bytes(id: Guid, size: number): Buffer {
    const file = path.join(this.#options.survivor.contentDirectory, id.slice(0, 2), id);
    return fs.existsSync(file) ? fs.readFileSync(file).subarray(0, size) : Buffer.alloc(0);
  }

  #find(finding: string): void {
    this.#findings.push(finding);
  }
}

function isSame(version: { name: string; bytes: Buffer }, document: ToldDocument): boolean {
  return path.basename(document.path) === version.name && document.bytes.equals(version.bytes);
}
