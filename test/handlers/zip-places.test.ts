import { ZipPlaces } from '../../src/handlers/zip-places.js';
import { Failure } from '../../src/values/failure.js';

/** What has been let in, by the names of those who came. */
class Visit {
  readonly inside: string[] = [];
  readonly #places = new ZipPlaces();
  readonly #leave = new Map<string, () => void>();

  async come(name: string, userId: number, gone?: AbortSignal): Promise<void> {
    const leave = await this.#places.take(userId, gone);
    this.inside.push(name);
    this.#leave.set(name, leave);
  }

  async leave(name: string): Promise<void> {
    this.#leave.get(name)?.();
    await settled();
  }
}

/** What follows from what has happened has happened too. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const [ANNA, BERT, CARL] = [1, 2, 3];

test('A user has two places; who waits for a third keeps nobody else from theirs', async () => {
  const visit = new Visit();
  for (const name of ['anna 1', 'anna 2', 'anna 3', 'anna 4']) void visit.come(name, ANNA);
  for (const name of ['bert 1', 'bert 2']) void visit.come(name, BERT);
  await settled();
  expect(visit.inside).toEqual(['anna 1', 'anna 2', 'bert 1', 'bert 2']);
  void visit.come('carl', CARL);
  await visit.leave('bert 1');
  expect(visit.inside.at(-1)).toBe('carl');
  await visit.leave('anna 2');
  await visit.leave('anna 3');
  expect(visit.inside.slice(-2)).toEqual(['anna 3', 'anna 4']);
});

test('Four are in at once, and the others come in as places get free, in their order', async () => {
  const visit = new Visit();
  for (let user = 1; user <= 6; user++) void visit.come(`user ${user}`, user);
  await settled();
  expect(visit.inside).toHaveLength(4);
  await visit.leave('user 2');
  await visit.leave('user 1');
  expect(visit.inside.slice(4)).toEqual(['user 5', 'user 6']);
});

test('Who leaves while waiting is not let in, and keeps nobody waiting', async () => {
  const visit = new Visit();
  for (const name of ['anna 1', 'anna 2']) await visit.come(name, ANNA);
  const gone = new AbortController();
  const left = visit.come('anna 3', ANNA, gone.signal);
  void visit.come('anna 4', ANNA);
  gone.abort(new Failure('Anna left.'));
  await expect(left).rejects.toThrow('Anna left.');
  await visit.leave('anna 1');
  expect(visit.inside).toEqual(['anna 1', 'anna 2', 'anna 4']);
  await expect(visit.come('anna 5', ANNA, gone.signal)).rejects.toThrow('Anna left.');
});

test('Eight zips of a user may wait; a further one is refused, and nobody else is', async () => {
  const visit = new Visit();
  for (let n = 1; n <= 10; n++) void visit.come(`anna ${n}`, ANNA);
  await settled();
  await expect(visit.come('anna 11', ANNA)).rejects.toThrow('Too many of your zips are waiting to be made.');
  await visit.come('bert', BERT);
  expect(visit.inside).toEqual(['anna 1', 'anna 2', 'bert']);
});
