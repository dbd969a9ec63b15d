import fs from 'node:fs';
import { loggedError } from '../src/logged-error.js';

/** What is thrown when a file that is not there is opened. */
function missing(path: string): unknown {
  try {
    fs.openSync(path, 'r');
  } catch (error) {
    return error;
  }
  return undefined;
}

test('An error is logged by its type, its code and its message, and so is what it came from', () => {
  const cause = Object.assign(new RangeError('out of range'), { code: 'ERR_OUT_OF_RANGE' });
  expect(loggedError(new TypeError('not done', { cause }))).toEqual({
    type: 'TypeError',
    message: 'not done',
    cause: { type: 'RangeError', message: 'out of range', code: 'ERR_OUT_OF_RANGE' },
  });
});

test.each(['/nowhere/at/all', '/no where/at all/it\u2019s', '/nowhere'])(
  'The operating system names the path %s; the log does not',
  (path) => {
    expect(loggedError(missing(path))).toEqual({
      type: 'Error',
      code: 'ENOENT',
      message: 'ENOENT: no such file or directory, open (path)',
    });
  },
);

test.each([
  ['Cannot find /srv/app/node_modules/x', 'Cannot find (path)'],
  ['in file:///srv/app/dist/main.js:12', 'in (path)'],
  ["rename '/a/b' -> '/a/c d'", 'rename (path) -> (path)'],
  ['read 1/2 of it, and/or more', 'read 1/2 of it, and/or more'],
  ['connect http://127.0.0.1:80/x/y', 'connect http://127.0.0.1:80/x/y'],
])('Of "%s" the log has "%s"', (message, logged) => {
  expect(loggedError(new Error(message)).message).toBe(logged);
});

test('A long message is cut, a long chain of causes too, and control characters are shown', () => {
  expect(loggedError(new Error('x'.repeat(10_000))).message).toHaveLength(500);
  const endless = new Error('endless');
  endless.cause = endless;
  expect(JSON.stringify(loggedError(endless)).match(/endless/g)).toHaveLength(5);
  expect(loggedError('a\u009b31m').message).toBe('a\\u{9b}31m');
});
