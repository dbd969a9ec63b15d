import type { Queries } from '../storage/database.js';
import { Failure } from '../values/failure.js';

/** How deep folders go, the library counted: a bound for what walks up or down. */
export const MAX_DEPTH = 100;

/**
 * The longest path that something new may have, `/` in front of each name, in UTF-16 units. A hundred names as long as a name may be would
 * be 25 KB, which whoever goes through a library keeps for every document in there. What has a longer one already keeps it.
 */
export const MAX_PATH_LENGTH = 4096;

/** The names that lead to a folder, in no order, those of its library and itself among them. */
export async function wayTo(queries: Queries, folderId: number): Promise<readonly string[]> {
  const way = await queries
    .withRecursive('way', (db) =>
      db
        .selectFrom('folders')
        .select(['parent_id', 'name'])
        .where('id', '=', folderId)
        .unionAll(
          db
            .selectFrom('way')
            .innerJoin('folders', 'folders.id', 'way.parent_id')
            .select(['folders.parent_id', 'folders.name']),
        ),
    )
    .selectFrom('way')
    .select('name')
    .execute();
  return way.map(({ name }) => name);
}

/** Makes sure that something new may lie where these names lead to. @throws Failure */
export function requirePathLength(names: readonly string[]): void {
  const length = names.reduce((sum, name) => sum + 1 + name.length, 0);
  if (length > MAX_PATH_LENGTH) throw new Failure(`The path is longer than ${MAX_PATH_LENGTH} characters.`);
}
