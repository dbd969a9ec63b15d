import fs from 'node:fs';
import path from 'node:path';
import { jest } from '@jest/globals';
import SQLite from 'better-sqlite3';
import { valueOf } from '../support/answer.js';
import { AssembledService } from '../support/assembled-service.js';
import type { Caller } from '../support/caller.js';

/* The format of the log is told by https://sqlite.org/fileformat2.html#the_write_ahead_log. */
const LOG_HEADER = 32;
const FRAME_HEADER = 24;

let service: AssembledService;
let caller: Caller;

async function send(handler: string, bytes: Buffer): Promise<void> {
  expect(valueOf(await caller.sendChunk(handler, bytes), 'success')).toBe('true');
}

/** How many pages SQLite has written, and how many transactions they were. */
function written(): { pages: number; transactions: number } {
  const [name = ''] = fs.readdirSync(service.data).filter((file) => file.endsWith('-wal'));
  const log = fs.readFileSync(path.join(service.data, name));
  const frame = FRAME_HEADER + log.readUInt32BE(8);
  let pages = 0;
  let transactions = 0;
  for (let at = LOG_HEADER; at + frame <= log.length; at += frame) {
    pages++;
    /* The last frame of a transaction says how long the database is after it. */
    if (log.readUInt32BE(at + 4) > 0) transactions++;
  }
  return { pages, transactions };
}

describe.each([
  ['a worker that is the only one', undefined],
  ['one of several workers', 'one of several'],
])('At %s', (_which, worker) => {
  beforeAll(async () => {
    service = await AssembledService.start({ users: ['anna'], ...(worker === undefined ? {} : { worker }) });
    caller = await service.trust('anna');
  });

  afterAll(() => service.end());

  test('a chunk is one small transaction', async () => {
    const handler = await caller.openUpload();
    const before = written();
    for (let n = 0; n < 20; n++) await send(handler, Buffer.alloc(5000, n));
    const after = written();
    expect(after.transactions - before.transactions).toBe(20);
    expect(after.pages - before.pages).toBeLessThanOrEqual(2 * 20);
  });

  test('for a chunk its ticket and its handler are looked up once each, by an index', async () => {
    const handler = await caller.openUpload();
    const { database } = service;
    /* That a session is used is written once a minute. */
    await send(handler, Buffer.from('a chunk before'));
    const queries = jest.spyOn(database, 'executeQuery');
    await send(handler, Buffer.from('a chunk'));
    const run = queries.mock.calls.map(([query]) => query);
    queries.mockRestore();
    expect(run.map(({ sql }) => sql.split(' ')[0])).toEqual(['select', 'select', 'update']);
    for (const query of run) {
      const { rows } = await database.executeQuery<{ detail: string }>({
        ...query,
        sql: `explain query plan ${query.sql}`,
      });
      for (const { detail } of rows) expect(detail).toMatch(/^SEARCH \w+ USING (?:INDEX \w+|INTEGER PRIMARY KEY) \(/);
    }
  });

  test('what has been called once is called again without preparing a statement', async () => {
    const call = async (name: string): Promise<void> => {
      const bytes = Buffer.from(name);
      const place = `/Public/${worker ?? 'alone'} ${name}.bin`;
      expect(valueOf(await caller.commit(await caller.upload(bytes), place), 'success')).toBe('true');
      expect(await caller.download(place)).toEqual(bytes);
    };
    await call('first');
    const prepare = jest.spyOn(SQLite.prototype, 'prepare');
    await call('second');
    const prepared = prepare.mock.calls.map(([text]) => text);
    prepare.mockRestore();
    expect(prepared).toEqual([]);
  });
});
