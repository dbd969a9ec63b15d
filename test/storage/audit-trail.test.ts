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

test('Very many events are recorded in parts, with turns for others in between', async () => {
  const events = zipped(1200);
  const turns = await turnsDuring(() => rooms.audit.recordInTurns(ANNA, events));
  expect(turns).toBeGreaterThanOrEqual(2);
  expect(await subjects()).toEqual(events.map(({ subject }) => subject));
});

test('Of a long subject the end is kept', async () => {
  const name = 'y'.repeat(255);
  await rooms.audit.recordAlone(ANNA, { action: 'commit', subject: `/Public/${'x'.repeat(5000)}/${name}` });
  await rooms.audit.recordAlone(ANNA, { action: 'commit', subject: name });
  expect(await subjects()).toEqual([`\u2026${'x'.repeat(43)}/${name}`, name]);
});
