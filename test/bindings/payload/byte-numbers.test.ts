import { ByteNumbers } from '../../../src/bindings/payload/byte-numbers.js';

function gather(...texts: string[]): ByteNumbers {
  const numbers = new ByteNumbers();
  for (const text of texts) numbers.add(text);
  return numbers;
}

test('several numbers are bytes, however many', () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, n) => n % 256));
  expect(
    gather(...[...bytes].map(String))
      .content('data')
      .equals(bytes),
  ).toBe(true);
  expect(gather('007', '0').content('data')).toEqual(Buffer.from([7, 0]));
});

test('one number is base64', () => {
  expect(gather('255').content('data')).toEqual(Buffer.from('255', 'base64'));
  expect(gather('999').content('data')).toEqual(Buffer.from('999', 'base64'));
});

test('of several that are no bytes the first is told', () => {
  expect(() => gather('255', '256', '1', '999').content('data')).toThrow('256 in data is not a byte.');
});
