import type { CompiledQuery } from 'kysely';
import { SharedWriterClaims } from '../../src/handlers/writer-claims.js';
import { StorageFailure } from '../../src/values/failure.js';
import { eventually } from '../support/eventually.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';

let rooms: Rooms;

beforeEach(async () => {
  rooms = await openRooms();
  await rooms.users.add({ name: 'anna', password: 'a user' });
});

afterEach(() => rooms.close());

test('Who leaves while another worker writes waits no longer, and has claimed nothing', async () => {
  const { id: session } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  const { id } = await rooms.uploads.create(session, 0);
  const [one, other] = ['one', 'other'].map((name) => new SharedWriterClaims(rooms.database, name));
  const claim = await one?.take(session, id);
  const left = new AbortController();
  const waiting = other?.take(session, id, { gone: left.signal });
  left.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  await claim?.end();
  const row = await rooms.database.queries.selectFrom('upload_handlers').select('writer').executeTakeFirstOrThrow();
  expect(row.writer).toBeNull();
  await (await one?.take(session, id))?.end();
});

test('Who waits while another worker writes looks again and again, and writes nothing until it is their turn', async () => {
  const { id: session } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  const { id } = await rooms.uploads.create(session, 0);
  const [one, other] = ['one', 'other'].map((name) => new SharedWriterClaims(rooms.database, name));
  const claim = await one?.take(session, id);
  const asked = listen();
  const told: string[] = [];
  const beginWait = () => {
    told.push('waits');
    return () => told.push('goes on');
  };
  const waiting = other?.take(session, id, { beginWait });
  await eventually(
    () => asked.length,
    (times) => times >= 5,
  );
  expect(asked.filter((kind) => kind === 'update')).toHaveLength(1);
  expect(told).toEqual(['waits']);
  await claim?.end();
  await (await waiting)?.end();
  expect(told).toEqual(['waits', 'goes on']);
});

test('Who waits while another worker writes is told when the handler is gone', async () => {
  const { id: session } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  const { id } = await rooms.uploads.create(session, 0);
  const [one, other] = ['one', 'other'].map((name) => new SharedWriterClaims(rooms.database, name));
  const claim = await one?.take(session, id);
  const told = expect(other?.take(session, id)).rejects.toThrow('The upload handler does not exist or has expired.');
  await rooms.uploads.discard(session, id);
  await told;
  await claim?.end();
});

test('To another session a handler that another worker writes to is not there: it is told at once, and holds nobody up', async () => {
  const { id: session } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  const { id: stranger } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  const { id } = await rooms.uploads.create(session, 0);
  const [one, other] = ['one', 'other'].map((name) => new SharedWriterClaims(rooms.database, name));
  const claim = await one?.take(session, id);
  const asked = listen();
  await expect(other?.take(stranger, id)).rejects.toThrow('The upload handler does not exist or has expired.');
  expect(asked).toEqual(['update', 'select']);
  await claim?.end();
  await expect(other?.take(stranger, id)).rejects.toThrow('The upload handler does not exist or has expired.');
});

test('A claim that could not be given back at once, and goes back behind a transaction, does not take with it one that is taken behind the same', async () => {
  const { id: session } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  const { id } = await rooms.uploads.create(session, 0);
  const claims = new SharedWriterClaims(rooms.database, 'one');
  const claim = await claims.take(session, id);
  const asked = listen({ refusals: 1 });
  await claim.end();
  let end = (): void => undefined;
  const transaction = rooms.database.transact(() => new Promise<void>((resolve) => (end = resolve)));
  await eventually(
    () => asked.length,
    (times) => times === 2,
  );
  end();
  await transaction;
  const again = await claims.take(session, id);
  const row = await rooms.database.queries.selectFrom('upload_handlers').select('writer').executeTakeFirstOrThrow();
  expect(row.writer).toBe('one');
  await again.end();
});

test('A claim that could not be given back at once is given back though another session asks for its handler meanwhile', async () => {
  const { id: session } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  const { id: stranger } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  const handlers = [await rooms.uploads.create(session, 0), await rooms.uploads.create(session, 0)] as const;
  const claims = new SharedWriterClaims(rooms.database, 'one');
  const claimed = [await claims.take(session, handlers[0].id), await claims.take(session, handlers[1].id)] as const;
  const asked = listen({ refusals: 2 });
  for (const claim of claimed) await claim.end();
  let end = (): void => undefined;
  let transaction: Promise<void> | undefined;
  await new Promise<void>((begun) => {
    transaction = rooms.database.transact(() => {
      begun();
      return new Promise<void>((resolve) => (end = resolve));
    });
  });
  const told = expect(claims.take(stranger, handlers[0].id)).rejects.toThrow('does not exist or has expired');
  /* What is put off is tried in the order it was: when the second is tried, it has been the first one's turn. */
  await eventually(
    () => asked.length,
    (times) => times === 4,
  );
  end();
  await transaction;
  await told;
  await eventually(
    () => rooms.database.queries.selectFrom('upload_handlers').select('id').where('writer', 'is not', null).execute(),
    (held) => held.length === 0,
  );
});

test('However many chunks are refused while the database is busy, a claim is given back once', async () => {
  const { id: session } = await rooms.sessions.logIn('anna', 'a user', ADDRESS);
  const { id } = await rooms.uploads.create(session, 0);
  const claims = new SharedWriterClaims(rooms.database, 'one');
  const { database } = rooms;
  const execute = database.executeQuery.bind(database);
  const other = await rooms.uploads.create(session, 0);
  const claimed = await claims.take(session, other.id);
  let isBusy = true;
  let attempts = 0;
  database.executeQuery = (query) => {
    attempts++;
    return isBusy ? Promise.reject(new StorageFailure('The database is busy.')) : execute(query);
  };
  for (let n = 0; n < 20; n++) await expect(claims.take(session, id)).rejects.toThrow('The database is busy.');
  /* What is put off is tried in the order it was: when this one has gone back, the other has been tried. */
  await claimed.end();
  isBusy = false;
  attempts = 0;
  await eventually(
    () => database.queries.selectFrom('upload_handlers').select('id').where('writer', 'is not', null).execute(),
    (held) => held.length === 0,
  );
  expect(attempts).toBe(2);
});

/** The first word of each query from now on; so many of them are refused. */
function listen({ refusals = 0 } = {}): string[] {
  const { database } = rooms;
  const asked: string[] = [];
  const execute = database.executeQuery.bind(database);
  database.executeQuery = <Row>(query: CompiledQuery<Row>) => {
    asked.push(query.sql.split(' ', 1).join());
    return asked.length <= refusals ? Promise.reject(new Error('The database is busy.')) : execute(query);
  };
  return asked;
}
