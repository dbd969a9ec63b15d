import path from 'node:path';
import fc from 'fast-check';
import { checkName } from '../../src/library/names.js';
import { looksLikeShortPath, parsePath } from '../../src/library/paths.js';
import { Failure } from '../../src/values/failure.js';
import { nameKey } from '../../src/values/name-key.js';

/* Names cannot leave their folder, whatever they contain. */

const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom(
      '.',
      '..',
      '/',
      '\\',
      ':',
      '~',
      'D',
      'F',
      '1',
      ' ',
      '\u0000',
      '\n',
      '%2e',
      'a',
      'ä',
      '\u2215',
      '\u202e',
      '\ud800',
      'CON',
    ),
    maxLength: 12,
  }),
  fc.stringMatching(/^[A-Za-zäöü0-9 ()_.-]{1,40}$/),
);

function isAllowed(name: string): boolean {
  try {
    checkName(name);
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

test('A name that is allowed stays in its folder on every system, and can be written in XML', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      if (!isAllowed(name)) return;
      for (const system of [path.posix, path.win32]) {
        expect(system.basename(name)).toBe(name);
        expect(system.dirname(system.join('folder', name))).toBe('folder');
      }
      expect(Buffer.from(name).toString()).toBe(name);
      // eslint-disable-next-line no-control-regex
      expect(name).not.toMatch(/[\u0000-\u001f\u007f-\u009f\uffff]/);
    }),
    { numRuns: 3000 },
  );
});

test('A path made of names that are allowed is taken apart into the same names', () => {
  const allowed = fc.array(anyName.filter(isAllowed), { minLength: 1, maxLength: 5 });
  const separator = fc.constantFrom('/', '\\', '//', '/\\');
  fc.assert(
    fc.property(allowed, separator, fc.boolean(), (names, slash, endsWithSlash) => {
      fc.pre(!looksLikeShortPath(names[0] ?? ''));
      expect(parsePath(slash + names.join(slash) + (endsWithSlash ? slash : ''))).toEqual({
        kind: 'names',
        folderId: undefined,
        names,
        endsWithSlash,
      });
    }),
  );
});

test('Names compare the same in any case, and a key compares as itself', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      const key = nameKey(name);
      expect(nameKey(key)).toBe(key);
      expect(nameKey(name.normalize('NFD'))).toBe(nameKey(name.normalize('NFC')));
      // eslint-disable-next-line no-control-regex
      if (/^[\u0000-\u007f]*$/.test(name)) expect(nameKey(name.toLowerCase())).toBe(nameKey(name.toUpperCase()));
    }),
    { numRuns: 3000 },
  );
});
