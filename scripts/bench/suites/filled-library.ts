import crypto from 'node:crypto';
import { FIRST_VERSION } from '../../../src/values/version-number.js';
import { newGuid } from '../../../src/values/guid.js';
import { nameKey } from '../../../src/values/name-key.js';
import { DataDirectory } from '../../../src/storage/data-directory.js';

/** Documents in a folder. */
const IN_A_FOLDER = 1000;

/** Rows of one statement: their parameters must fit into it. */
const IN_A_STATEMENT = 500;

/** Paths of the documents {@link fillLibrary} makes, by number from 0. */
export function documentPath(number: number): string {
  return `/Public/${folderName(Math.floor(number / IN_A_FOLDER))}/${documentName(number)}`;
}

/** A folder with documents in it. */
export function folderPath(number: number): string {
  return `/Public/${folderName(number)}`;
}

/**
 * Fills the library of a server that has been started and stopped once with documents of one version, straight into the database: the
 * records of uploads, without their bytes.
 */
export async function fillLibrary(data: string, count: number): Promise<void> {
  const database = new DataDirectory(data).openDatabase();
  try {
    const { folder_id: library } = await database.queries
      .selectFrom('libraries')
      .select('folder_id')
      .executeTakeFirstOrThrow();
    const { id: author } = await database.queries.selectFrom('users').select('id').executeTakeFirstOrThrow();
    const time = Date.now();
    for (let first = 0; first < count; first += IN_A_FOLDER) {
      await database.transact(async (trx) => {
        const name = folderName(first / IN_A_FOLDER);
        const { id: folder } = await trx
          .insertInto('folders')
          .values({ library_id: library, parent_id: library, name, name_key: nameKey(name), created_at: time })
          .returning('id')
          .executeTakeFirstOrThrow();
        for (let start = first; start < Math.min(first + IN_A_FOLDER, count); start += IN_A_STATEMENT) {
          const numbers = Array.from({ length: IN_A_STATEMENT }, (_, n) => start + n).filter((n) => n < count);
          await trx
            .insertInto('documents')
            .values(
              numbers.map((number) => ({
                id: number + 1,
                library_id: library,
                folder_id: folder,
                name: documentName(number),
                name_key: nameKey(documentName(number)),
                description: '',
                keywords: '',
                created_at: time,
              })),
            )
            .execute();
          await trx
            .insertInto('versions')
            .values(
              numbers.map((number) => ({
                document_id: number + 1,
                number: FIRST_VERSION,
                content_id: newGuid(),
                size: crypto.randomInt(1, 1e9),
                crc32: crypto.randomInt(0, 2 ** 32),
                author_id: author,
                comment: '',
                created_at: time,
                modified_at: time,
                published_at: time,
              })),
            )
            .execute();
        }
      });
    }
  } finally {
    await database.close();
  }
}

function folderName(number: number): string {
  return `Folder ${number}`;
}

function documentName(number: number): string {
  return `Document ${number}.txt`;
}
