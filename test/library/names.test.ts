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
  'console.log',
  'my con.txt',
  'COM10.txt',
  'auxiliary',
  'מסמך\u200e.txt',
  'می\u200cخواهم.txt',
  '👩\u200d🚀.png',
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
  ...['CON', 'nul', 'Aux.h', 'com1.tar.gz', 'LPT\u00b9.txt', 'PRN .txt', 'CONIN$', 'lpt0'].map((name) => [
    name,
    'The name is that of a device on Windows.',
  ]),
  ...Array.from('\u202a\u202d\u202e\u2066\u2069\u200b\u2060\ufeff', (character) => [
    `a${character}gpj.exe`,
    'The name contains characters that are not seen.',
  ]),
  ['x'.repeat(256), 'The name is longer than 255 characters.'],
])('%j cannot be a name', (name, text) => {
  expect(() => checkName(name)).toThrow(new Failure(text));
});
