import { newGuid } from '../../src/values/guid.js';
import type { VersionNumber } from '../../src/values/version-number.js';
import { elementsIn, textIn, valueOf } from '../support/answer.js';
import { BINDINGS } from '../support/bindings.js';
import type { Caller } from '../support/caller.js';
import { RunningService } from '../support/running-service.js';

/* A document of so many versions that they do not stand in memory together. */

const COUNT = 1234;
const FIRST = 1_000_000;

const commentOf = (number: number): string => `<${number}> & "${'ä'.repeat(number % 50)}"`;

let service: RunningService;
let caller: Caller;

beforeAll(async () => {
  service = await RunningService.start();
  caller = await service.logIn();
  await caller.store('/Public/a.txt', Buffer.from('content'));
  await service.database(async (queries) => {
    const first = await queries.selectFrom('versions').selectAll().executeTakeFirstOrThrow();
    const numbers = Array.from({ length: COUNT - 1 }, (_, n) => (FIRST + 1 + n) as VersionNumber);
    await queries
      .insertInto('versions')
      .values(numbers.map((number) => ({ ...first, number, content_id: newGuid(), comment: commentOf(number) })))
      .execute();
  });
});

afterAll(() => service.end());

test.each(BINDINGS.map((binding) => [binding.name, binding] as const))(
  'All its versions are told, the latest first, over %s',
  async (_name, binding) => {
    const answered = await caller.over(binding).call('GetDocumentVersions', { Path: '/Public/a.txt' });
    expect(valueOf(answered, 'success')).toBe('true');
    const [versions] = elementsIn(answered, 'Versions');
    const numbers = (versions?.children ?? []).map((each) => typeof each !== 'string' && valueOf(each, 'Number'));
    expect(numbers).toEqual(Array.from({ length: COUNT }, (_, n) => String(FIRST + COUNT - 1 - n)));
    const comments = elementsIn(answered, 'Comment').map(textIn);
    expect(comments).toEqual(numbers.map((number) => (Number(number) === FIRST ? '' : commentOf(Number(number)))));
  },
);

test('Many who ask for it at once wait for each other, and are all told', async () => {
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => caller.call('GetDocumentVersions', { Path: '/Public/a.txt' })),
  );
  expect(answers.map((answered) => elementsIn(answered, 'Version').length)).toEqual(Array(6).fill(COUNT));
});
