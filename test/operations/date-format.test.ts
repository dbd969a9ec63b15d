import fc from 'fast-check';
import { formatDate, formatTime, parseDate } from '../../src/operations/date-format.js';

const iso = (text: string): string | undefined => {
  const instant = parseDate(text);
  return instant === undefined ? undefined : new Date(instant).toISOString();
};

test('Times are written in UTC to the second, dates in UTC', () => {
  const instant = Date.parse('2024-06-15T09:30:07.999Z');
  expect(formatTime(instant)).toBe('2024-06-15T09:30:07Z');
  expect(formatDate(instant)).toBe('2024-06-15');
});

test.each([
  ['2024-06-15', '2024-06-15T00:00:00.000Z'],
  [' 2024-06-15 ', '2024-06-15T00:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['0001-01-01', '0001-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59', '9999-12-31T23:59:59.000Z'],
  ['2024-06-15T09:30', '2024-06-15T09:30:00.000Z'],
  ['2024-06-15T09:30:07', '2024-06-15T09:30:07.000Z'],
  ['2024-06-15 09:30:07', '2024-06-15T09:30:07.000Z'],
  ['2024-06-15T09:30:07Z', '2024-06-15T09:30:07.000Z'],
  ['2024-06-15t09:30:07z', '2024-06-15T09:30:07.000Z'],
  ['2024-06-15T09:30:07.1234567Z', '2024-06-15T09:30:07.123Z'],
  ['2024-06-15T09:30:07+02:00', '2024-06-15T07:30:07.000Z'],
  ['2024-06-15T23:30:07-0545', '2024-06-16T05:15:07.000Z'],
])('%j is read as %s', (text, expected) => {
  expect(iso(text)).toBe(expected);
});

test.each([
  '',
  'yesterday',
  '15.06.2024',
  '06/15/2024',
  '2024-6-15',
  '2024-13-01',
  '2023-02-29',
  '2024-06-31',
  '0000-01-01',
  '2024-06-15T',
  '2024-06-15T24:00:00',
  '2024-06-15T09:60:00',
  '2024-06-15T09:30:60',
  '2024-06-15T09:30:07 Z',
  '2024-06-15T09:30:07+2',
  '9999-12-31T23:59:59-01:00',
  '0001-01-01T00:00:00+01:00',
])('%j is not read', (text) => {
  expect(iso(text)).toBeUndefined();
});

test('What is written is read as it was, to the second', () => {
  const range = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true };
  fc.assert(
    fc.property(fc.date(range), (date) => {
      expect(parseDate(formatTime(date.getTime()))).toBe(Math.floor(date.getTime() / 1000) * 1000);
    }),
  );
});
