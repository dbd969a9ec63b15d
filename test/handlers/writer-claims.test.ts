import fs from 'node:fs';
import path from 'node:path';
import type { CompiledQuery } from 'kysely';
import { SharedWriterClaims, soleWriter } from '../../src/handlers/writer-claims.js';
import { ClaimLinks } from '../../src/storage/claim-links.js';
import { systemFiles } from '../../src/storage/file-operations.js';
import { type Guid, newGuid } from '../../src/values/guid.js';
import { eventually } from '../support/eventually.js';
import { ADDRESS, DAY_MS, openRooms, type Rooms } from '../support/rooms.js';

const GONE = 'The upload handler does not exist or has expired.';

let rooms: Rooms;
let session: number;
let id: Guid;
let one: SharedWriterClaims;
let other: SharedWriterClaims;
/** How often links of the first worker are refused to go from now on, whether they go all the same, and how often they were asked to. */
let removals: { refused: number; asked: number; done: boolean };
/** Whether the next link the first worker makes is told to have failed. */
let isMadeBadly: boolean;

beforeEach(async () => {
  rooms = await openRooms();
  removals = { refused: 0, asked: 0, done: false };
  isMadeBadly = false;
  await rooms.users.add({ name: 'anna', password: 'a user' });
  ({ id: session } = await rooms.sessions.logIn('anna', 'a user', ADDRESS));
  ({ id } = await rooms.uploads.create(session, 0));
  const failure = Object.assign(new Error('EIO'), { code: 'EIO' });
  const unlinkSync = (file: string): void => {
    removals.asked++;
    const isRefused = removals.refused-- > 0;
    if (!isRefused || removals.done) systemFiles.unlinkSync(file);
    if (isRefused) throw failure;
  };
  const symlink = (target: string, file: string): void => {
    systemFiles.symlink(target, file);
    if (!isMadeBadly) return;
    isMadeBadly = false;
    throw failure;
  };
  const links = new ClaimLinks(rooms.claimDirectory, { ...systemFiles, unlinkSync, symlink });
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

test('A claim that was made though the disk reports an error is given back', async () => {
  isMadeBadly = true;
  await expect(one.take(session, id)).rejects.toThrow('The disk of the server reports an error.');
  expect(holders()).toEqual([]);
  isMadeBadly = true;
  removals.refused = 1;
  await expect(one.take(session, id)).rejects.toThrow('The disk of the server reports an error.');
  expect(holders()).toEqual(['one']);
  await one.take(session, id);
  one.end(id);
  expect(holders()).toEqual([]);
});

test('A claim that was given back though the disk reports an error, and is another worker’s since, stays so', async () => {
  const { id: second } = await rooms.uploads.create(session, 0);
  removals = { refused: 1, asked: 0, done: true };
  await one.take(session, id);
  one.end(id);
  await other.take(session, id);
  const left = new AbortController();
  const waiting = one.take(session, id, { gone: left.signal });
  left.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  removals = { refused: 1, asked: 0, done: false };
  await one.take(session, second);
  one.end(second);
  /* What is put off is tried in the order it was. */
  await eventually(holders, (held) => held.length === 1);
  expect(holders()).toEqual(['other']);
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
  rooms.claims.free('one');
  expect(holders()).toEqual(['other']);
  expect([id, second].map((handler) => rooms.claims.isClaimed(handler))).toEqual([false, true]);
  /* As when a worker ends that is taken for dead. */
  one.end(id);
  rooms.claims.clear();
  expect(holders()).toEqual([]);
});

test('What lies beside the claims is nobody’s, and keeps nobody from what is theirs', async () => {
  const beside = ['.nfs0001', newGuid()].map((name) => path.join(rooms.claimDirectory, name));
  for (const file of beside) fs.writeFileSync(file, '');
  await one.take(session, id);
  rooms.claims.free('one');
  expect(rooms.claims.isClaimed(id)).toBe(false);
  expect(beside.map((file) => fs.existsSync(file))).toEqual([true, true]);
});

test('A handler of which it cannot be told whether it is claimed does not expire, and others do', async () => {
  await rooms.uploads.create(session, 0);
  const readlink = (file: string): string => {
    if (path.basename(file) === id) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    return systemFiles.readlink(file);
  };
  const links = new ClaimLinks(rooms.claimDirectory, { ...systemFiles, readlink });
  rooms.clock.time += DAY_MS + 1;
  await rooms.uploadsWith(soleWriter(links)).expire();
  expect(await rooms.database.queries.selectFrom('upload_handlers').select('id').execute()).toEqual([{ id }]);
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
