import { CallRates } from '../../src/accounts/call-rates.js';

const REFUSED = 'Too many calls: a user may make 10 in a second. Try again in a moment.';

const clock = { time: 0 };
const ratesOf = (perSecond: number): CallRates => new CallRates(perSecond, () => clock.time);

/** How many calls in a row are let through. */
function calls(rates: CallRates, user: number): number {
  for (let count = 0; ; count++) {
    try {
      rates.take(user);
    } catch (error) {
      expect(error).toHaveProperty('message', REFUSED);
      return count;
    }
  }
}

test('A user may make the calls of a second at once, and then as many as the time allows', () => {
  const rates = ratesOf(10);
  expect(calls(rates, 1)).toBe(10);
  clock.time += 99;
  expect(calls(rates, 1)).toBe(0);
  clock.time += 1;
  expect(calls(rates, 1)).toBe(1);
  clock.time += 60_000;
  expect(calls(rates, 1)).toBe(10);
});

test('Users are counted apart', () => {
  const rates = ratesOf(10);
  expect(calls(rates, 1)).toBe(10);
  expect(calls(rates, 2)).toBe(10);
});

test('A clock that goes back takes nothing away', () => {
  const rates = ratesOf(10);
  rates.take(1);
  clock.time -= 60_000;
  expect(calls(rates, 1)).toBe(9);
});

test('0 is no bound', () => {
  const rates = ratesOf(0);
  for (let n = 0; n < 10_000; n++) rates.take(1);
});
