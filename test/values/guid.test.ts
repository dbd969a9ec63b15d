import fc from 'fast-check';
import { isCanonicalGuid, newGuid, parseGuid } from '../../src/values/guid.js';

const anyGuid = fc.uuid();

/** The forms .NET's Guid.Parse takes: N, D, B and P. */
const FORMS: Readonly<Record<string, (guid: string) => string>> = {
  'as 32 digits': (guid) => guid.replaceAll('-', ''),
  hyphenated: (guid) => guid,
  'in braces': (guid) => `{${guid}}`,
  'in parentheses': (guid) => `(${guid})`,
};

test.each(Object.entries(FORMS))('A GUID %s is read, in any case and with white space around it', (_name, write) => {
  const anySpace = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n', '\u00a0'), maxLength: 10 });
  fc.assert(
    fc.property(anyGuid, fc.infiniteStream(fc.boolean()), anySpace, anySpace, (guid, isUpper, before, after) => {
      const mixed = Array.from(write(guid), (c) => (isUpper.next().value ? c.toUpperCase() : c)).join('');
      expect(parseGuid(before + mixed + after)).toBe(guid);
    }),
  );
});

test.each([
  '',
  ' ',
  '{}',
  '()',
  '1b4e28ba-2fa1-11d2-883f-b9a761bde3f',
  '1b4e28ba-2fa1-11d2-883f-b9a761bde3fbb',
  '1b4e28ba2-fa1-11d2-883f-b9a761bde3fb',
  '1b4e28ba-2fa1-11d2-883fb9a761bde3fb',
  '{1b4e28ba-2fa1-11d2-883f-b9a761bde3fb',
  '1b4e28ba-2fa1-11d2-883f-b9a761bde3fb}',
  '{1b4e28ba-2fa1-11d2-883f-b9a761bde3fb)',
  '{ 1b4e28ba-2fa1-11d2-883f-b9a761bde3fb }',
  '{1b4e28ba2fa111d2883fb9a761bde3fb}',
  '{{1b4e28ba-2fa1-11d2-883f-b9a761bde3fb}}',
  '1b4e28ba-2fa1-11d2-883f-b9a761bde3fg',
  '1b4e28ba-2fa1-11d2-883f-b9a761bde3fb\u0000',
  '٣b4e28ba-2fa1-11d2-883f-b9a761bde3fb',
  `${' '.repeat(300)}1b4e28ba-2fa1-11d2-883f-b9a761bde3fb`,
])('%j is no GUID', (text) => {
  expect(parseGuid(text)).toBeUndefined();
});

test('Whatever the text, what is read has the form this server writes, and every digit of the text', () => {
  const piece = fc.oneof(
    fc.constantFrom('{', '}', '(', ')', '-', ' ', '\u0000', '..', '/', 'x'),
    fc.uuid(),
    fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdefABCDEF-')), minLength: 1, maxLength: 36 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
      const text = pieces.join('');
      const guid = parseGuid(text);
      if (guid === undefined) return;
      expect(guid).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(guid.replaceAll('-', '')).toBe(text.replace(/[^0-9a-f]/gi, '').toLowerCase());
    }),
    { numRuns: 2000 },
  );
});

test('New ones are canonical, read as themselves, and each another', () => {
  const guids = Array.from({ length: 1000 }, newGuid);
  expect(guids.every((guid) => isCanonicalGuid(guid) && parseGuid(guid) === guid)).toBe(true);
  expect(new Set(guids).size).toBe(guids.length);
});

test.each(['../../etc/passwd', '1B4E28BA-2FA1-11D2-883F-B9A761BDE3FB', '1b4e28ba-2fa1-11d2-883f-b9a761bde3fb/..', ''])(
  '%j is not canonical, and so names no file',
  (text) => {
    expect(isCanonicalGuid(text)).toBe(false);
  },
);
