import { checkName } from '../../src/library/names.js';
import { Failure } from '../../src/values/failure.js';

test.each([
  'Report.pdf',
  'Q1 report (final).docx',
  '.gitignore',
  'a.b.c',
  '~D12',
  'Übersicht – März.txt',
  '报告.txt',
  '🚢.png',
  'x'.repeat(255),
])('%j can be a name', (name) => {
  expect(() => checkName(name)).not.toThrow();
});

test.each([
  ['', 'The name is empty.'],
  ['.', 'The name begins or ends with white space, or ends with a dot.'],
  ['..', 'The name begins or ends with white space, or ends with a dot.'],
  ['name.', 'The name begins or ends with white space, or ends with a dot.'],
  ['name ', 'The name begins or ends with white space, or ends with a dot.'],
  [' name', 'The name begins or ends with white space, or ends with a dot.'],
  ['\u00a0name', 'The name begins or ends with white space, or ends with a dot.'],
  ['a\u0000b', 'The name contains control characters.'],
  ['a\nb', 'The name contains control characters.'],
  ['a\u0085b', 'The name contains control characters.'],
  ['a\ud800b', 'The name contains control characters.'],
  ['a\uffffb', 'The name contains control characters.'],
  ...Array.from('\\/:*?"<>|', (character) => [
    `a${character}b`,
    'The name contains one of the characters \\ / : * ? " < > |.',
  ]),
  ['x'.repeat(256), 'The name is longer than 255 characters.'],
])('%j cannot be a name', (name, text) => {
  expect(() => checkName(name)).toThrow(new Failure(text));
});
