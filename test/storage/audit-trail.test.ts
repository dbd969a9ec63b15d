import type { AuditedEvent } from '../../src/storage/audit-trail.js';
import { openRooms, type Rooms } from '../support/rooms.js';
import { turnsDuring } from '../support/turns-during.js';

let rooms: Rooms;

beforeEach(async () => {
  rooms = await openRooms();
});

afterEach(() => rooms.close());

const ANNA = { user: 'anna', address: '192.0.2.1' };

const zipped = (count: number): AuditedEvent[] =>
  Array.from({ length: count }, (_, n) => ({ action: 'zip', subject: `${n}.txt` }));

async function subjects(): Promise<string[]> {
  const found: string[] = [];
  for await (const { subject } of rooms.audit.read({})) found.push(subject);
  return found;
}

test('Very many events are recorded in parts with turns for others in between, and the last left to a transaction', async () => {
  const events = zipped(1200);
  let rest: readonly AuditedEvent[] = [];
  const turns = await turnsDuring(async () => (rest = await rooms.audit.recordAhead(ANNA, events)));
  expect(turns).toBeGreaterThanOrEqual(2);
  expect(rest).toEqual(events.slice(1000));
  expect(await subjects()).toEqual(events.slice(0, 1000).map(({ subject }) => subject));
});

test('As many events as a transaction may have are left to it', async () => {
  const events = zipped(500);
  expect(await rooms.audit.recordAhead(ANNA, events)).toEqual(events);
  expect(await subjects()).toEqual([]);
});

test('What is recorded for a caller who leaves ends with the part it is at', async () => {
  const left = AbortSignal.abort(new Error('left'));
  await expect(rooms.audit.recordAhead(ANNA, zipped(2000), left)).rejects.toThrow('left');
  expect(await subjects()).toHaveLength(500);
});
