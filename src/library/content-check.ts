import { ChecksumReaders, type Reading } from '../storage/checksum-readers.js';
import { ContentMissing, type ContentStore, type StoredName } from '../storage/content-store.js';
import type { Queries } from '../storage/database.js';
import { type PreparedQuery, prepareQuery } from '../storage/prepared-query.js';
import { type Crc32, paddedHex } from '../values/crc32.js';
import { StorageFailure } from '../values/failure.js';
import type { Guid } from '../values/guid.js';
import { describeVersion, type VersionNumber } from '../values/version-number.js';

/** Records looked at together. */
const PAGE = 500;

/** One content is read after the other. */
const READING: Reading = { group: 'check' };

export interface Finding {
  /** A line for a person. */
  readonly text: string;
  /** What is in the store and belongs to nobody; undefined for what is missing or damaged. */
  readonly stray?: StoredName;
}

/** Content as a record has it. */
interface RecordedContent {
  readonly id: Guid;
  /** Bytes. */
  readonly size: number;
  /** Undefined where no checksum is recorded. */
  readonly crc32: Crc32 | undefined;
  /** Whether it may have bytes behind those: a chunk is arriving, or has arrived and did not count. */
  readonly isGrowing: boolean;
}

/**
 * The check that database and content store agree: each record's content is there, as long as recorded and with the recorded
 * checksum; and nothing lies in the store that no record names. It reads all content once, a piece at a time.
 *
 * It may run while the server does. What looks wrong is looked at again before it is reported, for a record or a file may
 * have come or gone between the first look at the one and at the other.
 */
export class ContentCheck {
  readonly #queries: Queries;
  readonly #contents: ContentStore;
  readonly #checksums = new ChecksumReaders(1);
  readonly #isNamed: PreparedQuery<{ id: Guid }, { is_named: number }>;

  constructor(queries: Queries, contents: ContentStore) {
    this.#queries = queries;
    this.#contents = contents;
    this.#isNamed = prepareIsNamed(queries);
  }

  /** Each finding. None: all is well. */
  async *findings(): AsyncGenerator<Finding> {
    yield* this.#checkVersions();
    yield* this.#checkUploads();
    yield* this.#checkDownloads();
    yield* this.#checkStore();
  }

  /** The contents that lie in the store and that no record names. */
  async orphans(): Promise<Guid[]> {
    const found: Guid[] = [];
    for await (const name of this.#contents.list()) {
      if ('id' in name && (await this.#isOrphan(name.id))) found.push(name.id);
    }
    return found;
  }

  async *#checkVersions(): AsyncGenerator<Finding> {
    const newest = await this.#newestDocument();
    for (let document = 0, version = 0; ;) {
      const rows = await this.#queries
        .selectFrom('versions')
        .select(['document_id', 'number', 'content_id', 'size', 'crc32'])
        .where((eb) => eb(eb.refTuple('document_id', 'number'), '>', eb.tuple(document, version as VersionNumber)))
        .where('document_id', '<=', newest)
        .orderBy('document_id')
        .orderBy('number')
        .limit(PAGE)
        .execute();
      for (const row of rows) {
        const fault = await this.#faultOf({ id: row.content_id, size: row.size, crc32: row.crc32, isGrowing: false });
        if (fault === undefined) continue;
        yield { text: `document ${row.document_id}, version ${describeVersion(row.number)}: ${fault}` };
      }
      const last = rows.at(-1);
      if (!last) return;
      [document, version] = [last.document_id, last.number];
    }
  }

  /** Documents made after this are left out, or a check beside busy callers might never end. */
  async #newestDocument(): Promise<number> {
    const row = await this.#queries
      .selectFrom('documents')
      .select((eb) => eb.fn.max('id').as('newest'))
      .executeTakeFirst();
    return row?.newest ?? 0;
  }

  /* What was staged before an unclean stop may be damaged: it is checked before it is used again, and given up then. */
  async *#checkUploads(): AsyncGenerator<Finding> {
    const rows = await this.#queries
      .selectFrom('upload_handlers')
      .innerJoin('server_state', 'server_state.epoch', 'upload_handlers.epoch')
      .select(['upload_handlers.id', 'length', 'crc32', 'is_complete'])
      .execute();
    for (const row of rows) {
      const { crc32, id, is_complete, length } = row;
      const fault = await this.#faultOf({ id, size: length, crc32, isGrowing: is_complete === 0 });
      if (fault === undefined || !(await this.#hasUpload(row.id))) continue;
      yield { text: `a staged upload of ${row.length} bytes: ${fault}` };
    }
  }

  async *#checkDownloads(): AsyncGenerator<Finding> {
    const rows = await this.#queries.selectFrom('download_handlers').select(['id', 'content_id', 'size']).execute();
    for (const row of rows) {
      const fault = await this.#faultOf({ id: row.content_id, size: row.size, crc32: undefined, isGrowing: false });
      if (fault === undefined || !(await this.#hasDownload(row.id))) continue;
      yield { text: `an open download of ${row.size} bytes: ${fault}` };
    }
  }

  async *#checkStore(): AsyncGenerator<Finding> {
    for await (const name of this.#contents.list()) {
      if ('stranger' in name) {
        yield { text: `${name.stranger} in the content store is no content`, stray: name };
      } else if (await this.#isOrphan(name.id)) {
        yield { text: `content ${name.id} lies in the content store, and no record names it`, stray: name };
      }
    }
  }

  /** What is wrong with content that a record promises. */
  async #faultOf(content: RecordedContent): Promise<string | undefined> {
    const size = await this.#contents.size(content.id);
    if (size === undefined) return `content ${content.id} is missing`;
    if (size < content.size || (size > content.size && !content.isGrowing))
      return `content ${content.id} has ${size} bytes instead of ${content.size}`;
    if (content.crc32 === undefined) return undefined;
    try {
      const found = await this.#checksums.content(this.#contents, content.id, content.size, READING);
      if (found === content.crc32) return undefined;
      if (found === undefined) return `content ${content.id} is shorter than ${content.size} bytes`;
      return `content ${content.id} has the CRC32 ${paddedHex(found)} instead of ${paddedHex(content.crc32)}`;
    } catch (error) {
      if (error instanceof ContentMissing) return `content ${content.id} is missing`;
      if (error instanceof StorageFailure) return `content ${content.id} cannot be read`;
      throw error;
    }
  }

  /* A content's record is made before its file and removed after it: if there is no record, and after that there still is
   * the file, it is nobody's. */
  async #isOrphan(id: Guid): Promise<boolean> {
    if (await this.#hasRecord(id)) return false;
    return (await this.#contents.size(id)) !== undefined;
  }

  async #hasRecord(id: Guid): Promise<boolean> {
    const { rows } = await this.#isNamed(this.#queries, { id });
    return rows[0]?.is_named === 1;
  }

  async #hasUpload(id: Guid): Promise<boolean> {
    const row = await this.#queries.selectFrom('upload_handlers').select('id').where('id', '=', id).executeTakeFirst();
    return row !== undefined;
  }

  async #hasDownload(id: Guid): Promise<boolean> {
    const row = await this.#queries
      .selectFrom('download_handlers')
      .select('id')
      .where('id', '=', id)
      .executeTakeFirst();
    return row !== undefined;
  }
}

/** One statement, so that content which passes from one table to another is always seen in one of them. */
function prepareIsNamed(queries: Queries): PreparedQuery<{ id: Guid }, { is_named: number }> {
  return prepareQuery((parameter) =>
    queries.selectNoFrom((eb) =>
      eb
        .or([
          eb.exists(eb.selectFrom('versions').select('content_id').where('content_id', '=', parameter('id'))),
          eb.exists(eb.selectFrom('upload_handlers').select('id').where('id', '=', parameter('id'))),
          eb.exists(eb.selectFrom('unclaimed_contents').select('content_id').where('content_id', '=', parameter('id'))),
          eb.exists(
            eb
              .selectFrom('download_handlers')
              .select('id')
              .where('content_id', '=', parameter('id'))
              .where('owns_content', '=', 1),
          ),
        ])
        .as('is_named'),
    ),
  ) as PreparedQuery<{ id: Guid }, { is_named: number }>;
}
