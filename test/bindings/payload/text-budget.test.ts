import { TextBudget } from '../../../src/bindings/payload/text-budget.js';

const KIB = 1024;

let givenUp: string[];
let budget: TextBudget;

beforeEach(() => {
  givenUp = [];
  budget = new TextBudget(100 * KIB);
});

function open(name: string) {
  return budget.open(() => givenUp.push(name));
}

test('any number of short texts fit', () => {
  for (let n = 0; n < 1000; n++) open(String(n)).take(16 * KIB);
  expect(givenUp).toEqual([]);
});

test('when there is too much, the message that was long before the others is given up', () => {
  const [first, second, third] = [open('first'), open('second'), open('third')];
  second.take(66 * KIB);
  first.take(66 * KIB);
  expect(givenUp).toEqual([]);
  third.take(17 * KIB);
  expect(givenUp).toEqual(['second']);
  third.take(50 * KIB);
  expect(givenUp).toEqual(['second', 'first']);
});

test('what has been read makes room, once', () => {
  const [first, second, third] = [open('first'), open('second'), open('third')];
  first.take(100 * KIB);
  first.release();
  first.release();
  second.take(100 * KIB);
  third.take(30 * KIB);
  expect(givenUp).toEqual([]);
  third.take(3 * KIB);
  expect(givenUp).toEqual(['second']);
});

test('of a message that was given up nothing is counted any more', () => {
  const [first, second] = [open('first'), open('second')];
  first.take(110 * KIB);
  second.take(110 * KIB);
  first.take(110 * KIB);
  first.release();
  expect(givenUp).toEqual(['first']);
});
