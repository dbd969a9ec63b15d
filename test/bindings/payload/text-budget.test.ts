import { TextBudget } from '../../../src/bindings/payload/text-budget.js';

const KIB = 1024;

let givenUp: string[];
let budget: TextBudget;

beforeEach(() => {
  givenUp = [];
  budget = new TextBudget(100 * KIB);
});

function open(name: string, address = '192.0.2.1') {
  return budget.open({ address }, () => givenUp.push(name));
}

test('any number of short texts fit', () => {
  for (let n = 0; n < 1000; n++) open(String(n)).take(16 * KIB);
  expect(givenUp).toEqual([]);
});

test('when there is too much, the call that was long before the others is given up', () => {
  const [first, second, third] = [open('first'), open('second'), open('third')];
  second.take(66 * KIB);
  first.take(66 * KIB);
  expect(givenUp).toEqual([]);
  third.take(17 * KIB);
  expect(givenUp).toEqual(['second']);
  third.take(50 * KIB);
  expect(givenUp).toEqual(['second', 'first']);
});

test('when there is too much, a call is given up from where most of it is, and not one that was long before', () => {
  const [anna, crowd] = [
    open('anna', '192.0.2.1'),
    ['::1', '::2', '::3'].map((host) => open(host, `2001:db8:1${host}`)),
  ];
  anna.take(46 * KIB);
  for (const account of crowd) account.take(36 * KIB);
  expect(givenUp).toEqual([]);
  open('bert', '192.0.2.2').take(36 * KIB);
  expect(givenUp).toEqual(['::1']);
  open('carl', '192.0.2.3').take(36 * KIB);
  expect(givenUp).toEqual(['::1', '::2']);
  open('dora', '192.0.2.4').take(27 * KIB);
  expect(givenUp).toEqual(['::1', '::2', 'anna']);
});

test('what is over makes room, once', () => {
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

test('of a call that was given up nothing is counted any more', () => {
  const [first, second] = [open('first'), open('second')];
  first.take(110 * KIB);
  second.take(110 * KIB);
  first.take(110 * KIB);
  first.release();
  expect(givenUp).toEqual(['first']);
});
