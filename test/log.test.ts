import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { logCall, makeLog, makeTextLog } from '../src/log.js';

const RECORD = {
  operation: 'ServerInfo',
  binding: 'GET',
  user: 'anna',
  address: '192.0.2.1',
  status: 200,
  outcome: 'ok',
  bytesIn: 0,
  bytesOut: 0,
  duration: 1,
} as const;

test('In the log for people what a terminal would obey is shown', async () => {
  const output = new PassThrough();
  const printed = text(output);
  logCall(makeTextLog('info', output), { ...RECORD, user: 'a\u009b31m\u202enna', address: '\u001b[2J' });
  output.end();
  expect(await printed).toContain('a\\u{9b}31m\\u{202e}nna');
  for (const obeyed of ['\u009b', '\u202e', '\u001b[2J']) expect(await printed).not.toContain(obeyed);
});

test.each([
  ['a call as it should be', { status: 200, outcome: 'ok' }, 30],
  ['what the caller is to blame for', { status: 200, outcome: 'Document not found.' }, 30],
  ['what cannot be read', { status: 400, outcome: 'unreadable message' }, 30],
  ['trouble of the server that the caller was told of', { status: 200, outcome: 'SystemError: The disk is full.' }, 40],
  ['an error of the server', { status: 500, outcome: 'SystemError' }, 50],
])('The level says of a call whether somebody should look at it: %s', (_, differs, level) => {
  const lines: string[] = [];
  logCall(makeLog('info', { write: (line) => void lines.push(line) }), { ...RECORD, ...differs });
  expect(JSON.parse(lines.join(''))).toHaveProperty('level', level);
});

test('A long outcome is cut', () => {
  const lines: string[] = [];
  logCall(makeLog('info', { write: (line) => void lines.push(line) }), { ...RECORD, outcome: 'x'.repeat(10_000) });
  expect(JSON.parse(lines.join(''))).toHaveProperty('outcome', 'x'.repeat(200));
});

test('An error has neither stack nor path', () => {
  const lines: string[] = [];
  const log = makeLog('info', { write: (line) => void lines.push(line) });
  log.error({ err: new Error("open '/srv/data/lighterage.sqlite'") }, 'unexpected error');
  expect(JSON.parse(lines.join(''))).toHaveProperty('err', { type: 'Error', message: 'open (path)' });
});
