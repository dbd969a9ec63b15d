import type { Compilable, CompiledQuery, QueryResult } from 'kysely';

/** What runs a compiled query: the database, which is quickest, or a transaction. */
interface Executor {
  executeQuery<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>>;
}

/** A query whose text is composed once; each execution only fills in the parameters. */
export type PreparedQuery<Parameters, Row> = (executor: Executor, parameters: Parameters) => Promise<QueryResult<Row>>;

class Placeholder {
  readonly name: PropertyKey;

  constructor(name: PropertyKey) {
    this.name = name;
  }
}

/**
 * Composes a query ahead of its use. On the path of every chunk, composing the text with Kysely would cost more than running it.
 *
 * ```ts
 * const findUser = prepareQuery<{ id: number }, { name: string }>((parameter) =>
 *   queries.selectFrom('users').select('name').where('id', '=', parameter('id')));
 * const { rows } = await findUser(database, { id: 7 });
 * ```
 */
export function prepareQuery<Parameters extends object, Row>(
  build: (parameter: <Name extends keyof Parameters>(name: Name) => Parameters[Name]) => Compilable<Row>,
): PreparedQuery<Parameters, Row> {
  const compiled = build(
    <Name extends keyof Parameters>(name: Name) => new Placeholder(name) as Parameters[Name],
  ).compile();
  const places = compiled.parameters.map((value) => (value instanceof Placeholder ? value : { value }));
  return (executor, parameters) =>
    executor.executeQuery<Row>({
      ...compiled,
      parameters: places.map((place) =>
        place instanceof Placeholder ? parameters[place.name as keyof Parameters] : place.value,
      ),
    });
}
