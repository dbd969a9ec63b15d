import { RefusalCounts } from '../../src/storage/refusal-counts.js';
import { eventually } from '../support/eventually.js';

const NEVER = 24 * 60 * 60 * 1000;

function refuse(counts: RefusalCounts, user: string, times: number): number {
  let alone = 0;
  for (let n = 0; n < times; n++) alone += counts.add(user) ? 1 : 0;
  return alone;
}

test('The first hundred of a user are told one by one, and how many the others were', async () => {
  const told: [string, number][] = [];
  const counts = new RefusalCounts((user, count) => {
    told.push([user, count]);
    return Promise.resolve();
  }, NEVER);
  expect(refuse(counts, 'anna', 130)).toBe(100);
  expect(refuse(counts, 'bert', 100)).toBe(100);
  await counts.flush();
  expect(told).toEqual([['anna', 30]]);
  expect(refuse(counts, 'anna', 1)).toBe(1);
  await counts.flush();
  expect(told).toHaveLength(1);
});

test('When the time is over they are told by themselves', async () => {
  const told: number[] = [];
  const counts = new RefusalCounts((_user, count) => {
    told.push(count);
    return Promise.resolve();
  }, 1);
  refuse(counts, 'anna', 101);
  await eventually(
    () => told[0],
    (count) => count === 1,
  );
  expect(refuse(counts, 'anna', 1)).toBe(1);
});

test('What could not be told is told with the next', async () => {
  const told: number[] = [];
  let fails = true;
  const counts = new RefusalCounts((_user, count) => {
    if (fails) return Promise.reject(new Error('The disk is full.'));
    told.push(count);
    return Promise.resolve();
  }, NEVER);
  refuse(counts, 'anna', 105);
  await expect(counts.flush()).rejects.toThrow('The disk is full.');
  expect(refuse(counts, 'anna', 2)).toBe(0);
  fails = false;
  await counts.flush();
  expect(told).toEqual([7]);
});
