import fs from 'node:fs';
import path from 'node:path';
import type { CompiledQuery } from 'kysely';
import { SharedWriterClaims } from '../../src/handlers/writer-claims.js';
import { ClaimLinks } from '../../src/storage/claim-links.js';
import { systemFiles } from '../../src/storage/file-operations.js';
import type { Guid } from '../../src/values/guid.js';
import { eventually } from '../support/eventually.js';
import { ADDRESS, DAY_MS, openRooms, type Rooms } from '../support/rooms.js';

const GONE = 'The upload handler does not exist or has expired.';

let rooms: Rooms;
let session: number;
let id: Guid;
let one: SharedWriterClaims;
let other: SharedWriterClaims;
/** How often links of the first worker are refused to go from now on, and how often they were asked to. */
let removals: { refused: number; asked: number };

beforeEach(async () => {
  rooms = await openRooms();
  removals = { refused: 0, asked: 0 };
  await rooms.users.add({ name: 'anna', password: 'a user' });
  ({ id: session } = await rooms.sessions.logIn('anna', 'a user', ADDRESS));
  ({ id } = await rooms.uploads.create(session, 0));
  const unlinkSync = (file: string): void => {
    removals.asked++;
    if (removals.refused-- > 0) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    systemFiles.unlinkSync(file);
  };
  const links = new ClaimLinks(rooms.claimDirectory, { ...systemFiles, unlinkSync });
  one = new SharedWriterClaims({ database: rooms.database, links, worker: 'one' });
  other = new SharedWriterClaims({ database: rooms.database, links: rooms.claims, worker: 'other' });
});

afterEach(() => rooms.close());

/** Who has claimed something. */
const holders = (): string[] =>
  fs.readdirSync(rooms.claimDirectory).map((name) => fs.readlinkSync(path.join(rooms.claimDirectory, name)));

test('Who leaves while another worker writes waits no longer, and has claimed nothing', async () => {
  await one.take(session, id);
  const left = new AbortController();
  const waiting = other.take(session, id, { gone: left.signal });
  left.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  expect(holders()).toEqual(['one']);
  one.end(id);
  expect(holders()).toEqual([]);
  await one.take(session, id);
});

test('Who waits while another worker writes looks again and again, until it is their turn', async () => {
  await one.take(session, id);
  const asked = listen();
  const told: string[] = [];
  const beginWait = () => {
    told.push('waits');
    return () => told.push('goes on');
  };
  let isTaken = false;
  const waiting = other.take(session, id, { beginWait }).then(() => (isTaken = true));
  await eventually(
    () => asked.length,
    (times) => times >= 5,
  );
  expect({ told, isTaken }).toEqual({ told: ['waits'], isTaken: false });
  one.end(id);
  await waiting;
  expect(told).toEqual(['waits', 'goes on']);
  expect(holders()).toEqual(['other']);
  expect(new Set(asked)).toEqual(new Set(['select']));
});

test('A claim that is free asks nothing of the database', async () => {
  const asked = listen();
  await one.take(session, id);
  one.end(id);
  expect(asked).toEqual([]);
});

test('Who waits while another worker writes is told when the handler is gone', async () => {
  await one.take(session, id);
  const told = expect(other.take(session, id)).rejects.toThrow(GONE);
  await rooms.uploads.discard(session, id);
  await told;
});

test('To another session a handler that another worker writes to is not there: it is told at once', async () => {
  const { id: stranger } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  await one.take(session, id);
  const asked = listen();
  await expect(other.take(stranger, id)).rejects.toThrow(GONE);
  expect(asked).toEqual(['select']);
});

test('A claim that is kept is given back when it has ended, and the worker lets go of it', async () => {
  await one.take(session, id);
  one.keep(id);
  one.end(id);
  await one.take(session, id);
  one.letGo(id);
  expect(holders()).toEqual(['one']);
  one.end(id);
  expect(holders()).toEqual([]);
  await one.take(session, id);
  one.keep(id);
  one.end(id);
  expect(holders()).toEqual(['one']);
  one.letGo(id);
  expect(holders()).toEqual([]);
  one.letGo(id);
  one.end(id);
});

test('A claim that cannot be given back is given back when that is possible', async () => {
  removals.refused = 2;
  await one.take(session, id);
  one.end(id);
  expect(holders()).toEqual(['one']);
  await eventually(holders, (held) => held.length === 0);
  expect(removals.asked).toBe(3);
});

test('A claim that could not be given back, and is taken again, is not given back while it is needed', async () => {
  const { id: second } = await rooms.uploads.create(session, 0);
  removals.refused = 2;
  for (const handler of [id, second]) {
    await one.take(session, handler);
    one.end(handler);
  }
  await one.take(session, id);
  /* What is put off is tried in the order it was: when the second has gone back, the first one would have. */
  await eventually(holders, (held) => held.length === 1);
  expect(removals.asked).toBe(3);
  one.end(id);
  expect(holders()).toEqual([]);
});

test('An idle handler expires but while a worker writes to it', async () => {
  await one.take(session, id);
  rooms.clock.time += DAY_MS + 1;
  await rooms.uploads.expire();
  const there = (): Promise<unknown[]> => rooms.database.queries.selectFrom('upload_handlers').select('id').execute();
  expect(await there()).toEqual([{ id }]);
  one.end(id);
  await rooms.uploads.expire();
  expect(await there()).toEqual([]);
});

test('What a worker claimed that is no more is free; what others have claimed is not', async () => {
  const { id: second } = await rooms.uploads.create(session, 0);
  await one.take(session, id);
  await other.take(session, second);
  rooms.claims.clear('one');
  expect(holders()).toEqual(['other']);
  expect([id, second].map((handler) => rooms.claims.isClaimed(handler))).toEqual([false, true]);
  /* As when a worker ends that is taken for dead. */
  one.end(id);
  rooms.claims.clear();
  expect(holders()).toEqual([]);
});

/** The first word of each query from now on. */
function listen(): string[] {
  const { database } = rooms;
  const asked: string[] = [];
  const execute = database.executeQuery.bind(database);
  database.executeQuery = <Row>(query: CompiledQuery<Row>) => {
    asked.push(query.sql.split(' ', 1).join());
    return execute(query);
  };
  return asked;
}
